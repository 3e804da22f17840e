/**
 * A progress bar in plain characters, as copies and comparisons show one.
 */

/** Width, in characters. Ours: its line fits 80. */
const BAR_CHARS = 30

/** @param share 0 to 1; undefined where nobody knows how much there is. */
export function progressBar(share: number | undefined): string {
  if (share === undefined) return `[${'.'.repeat(BAR_CHARS)}]`
  const filled = Math.round(Math.min(1, Math.max(0, share)) * BAR_CHARS)
  return `[${'#'.repeat(filled)}${'.'.repeat(BAR_CHARS - filled)}] ${Math.round(share * 100)} %`
}
