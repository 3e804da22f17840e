/**
 * Loads a configuration and starts a gateway with it: what `serve` and `demo` have in common.
 */
import type { CommandIo } from './io.ts'
import type { RunningGateway } from './running-gateway.ts'

/**
 * Starts a gateway.
 *
 * @param named The configuration file as it was typed; undefined: the first default that is there.
 * @throws CommandError (rejects) with one line for each problem.
 */
export type StartGateway = (named: string | undefined, io: CommandIo) => Promise<RunningGateway>

export const startGateway: StartGateway = () => Promise.reject(new Error('not yet'))
