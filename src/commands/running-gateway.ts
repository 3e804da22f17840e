/**
 * What the commands `serve` and `demo` need of a gateway: to start one, and to run it until
 * the person or the system says that it is enough.
 */

import { type Clock, systemClock } from '../core/clock.ts'
import { messageOf } from '../core/system/error-code.ts'
import type { CommandIo } from './io.ts'

/**
 * Two signals within this time, ms, are one wish: npm passes Ctrl-C on to a process that the
 * terminal has already told. Ours.
 */
const ONE_WISH_MS = 300

const END_SIGNALS: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT']

/** A gateway that answers. */
export interface RunningGateway {
  /** Reads the configuration file again and takes it over if it is good; the log says what came of it. */
  reload(): Promise<unknown>
  /** Answers what is in flight, then closes everything. */
  stop(): Promise<void>
  /** Called with exceptions that nobody caught. */
  defect?(error: unknown, where: string): void
}

/** Where signals come from: `process`, or a test. */
export interface SignalSource {
  on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown
  off(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown
}

/** How a gateway came to its end. */
export type Ending =
  | 'stopped' // everything in flight was answered
  | 'forced' // a second signal did not wait for that
  | 'child-ended' // what it needs is gone, or cannot be trusted any more

/**
 * Runs a gateway until SIGTERM or SIGINT, which end it once what is in flight is answered. A second
 * one ends it at once. SIGHUP reads the configuration again, or is the terminal that was closed.
 *
 * A gateway that starts answers questions before it has started: signals are heard from the call
 * on, and carried out when it has.
 *
 * @param starting Rejects when it cannot be started, and so does the result.
 * @param hangup What SIGHUP means: a service reloads; what somebody runs in a terminal ends with it.
 * @param childEnded Resolves when something without which there is no point ends; never rejects.
 */
export async function runUntilSignal(
  starting: Promise<RunningGateway>,
  signals: SignalSource,
  io: CommandIo,
  childEnded: Promise<void> = new Promise(() => {}),
  clock: Clock = systemClock,
  hangup: 'reload' | 'end' = 'reload',
): Promise<Ending> {
  const wishes = endWishes(signals, clock, hangup === 'end' ? [...END_SIGNALS, 'SIGHUP'] : END_SIGNALS)
  // Reloads follow each other: two at once would not know which file is the newer.
  let reloading: Promise<void> = Promise.resolve()
  const onHangup = (): void => {
    reloading = reloading.then(() =>
      // A start that failed is told by the result.
      starting.then(
        (gateway) => reload(gateway, io),
        () => {},
      ),
    )
  }
  if (hangup === 'reload') signals.on('SIGHUP', onHangup)
  try {
    const failed = starting.then(() => new Promise<never>(() => {}))
    const why = await Promise.race([wishes.first, childEnded.then(() => 'child-ended' as const), failed])
    const stopped = starting.then((gateway) => gateway.stop()).then(() => 'stopped' as const)
    const how = await Promise.race([stopped, wishes.second])
    return why === 'wished' ? how : why
  } finally {
    wishes.dispose()
    signals.off('SIGHUP', onHangup)
  }
}

/** The first and the second time that somebody asks for the end. */
function endWishes(
  signals: SignalSource,
  clock: Clock,
  meant: readonly NodeJS.Signals[],
): { first: Promise<'wished'>; second: Promise<'forced'>; dispose: () => void } {
  let firstAtMs: number | undefined
  let resolveFirst = (_: 'wished'): void => {}
  let resolveSecond = (_: 'forced'): void => {}
  const first = new Promise<'wished'>((resolve) => {
    resolveFirst = resolve
  })
  const second = new Promise<'forced'>((resolve) => {
    resolveSecond = resolve
  })
  const wish = (): void => {
    const nowMs = clock.monotonicMs()
    firstAtMs ??= nowMs
    if (firstAtMs === nowMs) resolveFirst('wished')
    else if (nowMs - firstAtMs >= ONE_WISH_MS) resolveSecond('forced')
  }
  for (const signal of meant) signals.on(signal, wish)
  const dispose = (): void => {
    for (const signal of meant) signals.off(signal, wish)
  }
  return { first, second, dispose }
}

async function reload(gateway: RunningGateway, io: CommandIo): Promise<void> {
  try {
    await gateway.reload()
  } catch (error) {
    // A reload that breaks must not take the running gateway with it.
    io.stderr.write(`mapgate: the reload failed: ${messageOf(error)}\n`)
  }
}
