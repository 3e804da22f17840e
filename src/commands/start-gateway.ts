/**
 * Loads a configuration and starts a gateway with it: what `serve` and `demo` have in common.
 */
import type { CommandIo } from './io.ts'
import type { RunningGateway } from './running-gateway.ts'

/**
 * Starts a gateway.
 *
 * @param file The configuration, an absolute path.
 * @throws CommandError with one line for each problem.
 */
export type StartGateway = (file: string, io: CommandIo) => Promise<RunningGateway>

export const startGateway: StartGateway = () => Promise.reject(new Error('not yet'))
