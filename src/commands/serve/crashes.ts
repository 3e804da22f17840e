/**
 * What becomes of errors that nobody caught, so that the process never runs on in a half state.
 *
 *   unhandled rejection   one task failed and nothing else: reported as a defect, everything goes on
 *   uncaught exception    something was left in the middle (Node.js, `process`, "Warning: Using
 *                         'uncaughtException' correctly"): reported, then an orderly stop; the
 *                         supervisor of the process starts it again
 */
/** Where such errors come from: `process`, or a test. */
export interface CrashSource {
  on(event: 'unhandledRejection' | 'uncaughtException', listener: (error: unknown) => void): unknown
  off(event: 'unhandledRejection' | 'uncaughtException', listener: (error: unknown) => void): unknown
}

interface CrashWatch {
  /** Resolves with the first uncaught exception. */
  readonly crashed: Promise<void>
  dispose(): void
}

export function watchCrashes(
  source: CrashSource,
  report: (error: unknown, where: string) => void,
): CrashWatch {
  let crash = (): void => {}
  const crashed = new Promise<void>((resolve) => {
    crash = resolve
  })
  const onRejection = (error: unknown): void => report(error, 'unhandled rejection')
  const onException = (error: unknown): void => {
    report(error, 'uncaught exception')
    crash()
  }
  source.on('unhandledRejection', onRejection)
  source.on('uncaughtException', onException)
  return {
    crashed,
    dispose() {
      source.off('unhandledRejection', onRejection)
      source.off('uncaughtException', onException)
    },
  }
}
