/**
 * The moment from which a service that has died is known to answer nobody.
 */
import { until } from '../../support/postfix/until.ts'

/** Resolves when the last good reply of a service that has died is too old to show that it answers others. */
export async function outageIsSeen(
  lookup: (key: string) => Promise<{ readonly kind: string }>,
): Promise<void> {
  await until('"not found" by the copy', async () =>
    (await lookup('stranger@a.example')).kind === 'notfound' ? true : undefined,
  )
}
