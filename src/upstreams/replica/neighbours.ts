/**
 * Which keys of a copy its service is asked for, to see whether it answers others while another key fails.
 *
 * The next one in order may be on the same failing part of the service, which keeps one domain, or some letters of
 * the alphabet. So there is a second one, of another domain where a few glances find one, and else from far away.
 */

/** Keys in order after one, or from the first. */
type KeysAfter = (after: string | undefined, limit: number) => readonly string[]

/** Keys that are looked at behind the key, and from the first one. Ours: in a copy of several domains another one is among them. */
const NEAR = 16

/** Where else it is looked. Ours: spread over what names begin with. */
const ELSEWHERE = ['5', 'b', 'e', 'h', 'k', 'n', 'q', 't', 'w', 'z']

/** Returns up to two keys, the one to be asked first before the other. */
export function neighboursOf(key: string, keysAfter: KeysAfter): readonly string[] {
  const near = [...keysAfter(key, NEAR), ...keysAfter(undefined, NEAR)].filter((other) => other !== key)
  const [next] = near
  if (next === undefined) return []
  const far = ELSEWHERE.flatMap((after) => keysAfter(after, 1)).filter((other) => other !== key)
  const all = [...near, ...far]
  const domains = [domainOf(key), domainOf(next)]
  const elsewhere =
    all.find((other) => !domains.includes(domainOf(other))) ??
    all.find((other) => domainOf(other) !== domainOf(next)) ??
    all.findLast((other) => other !== next)
  return elsewhere === undefined ? [next] : [next, elsewhere]
}

function domainOf(key: string): string {
  return key.slice(key.lastIndexOf('@') + 1)
}
