/**
 * Generated addresses, names and entries for the comparison with Postfix: few different parts, so
 * that they meet often, and every exception among them.
 *
 * `MAPGATE_TEST_SEED` chooses another run; a failure prints the seed it had.
 */
import fc from 'fast-check'

export const SEED = Number(process.env.MAPGATE_TEST_SEED ?? 4)

const PLAIN_USERS = ['bob', 'alice', 'a.b', 'x1'] as const
const SPECIAL_USERS = ['postmaster', 'mailer-daemon', 'double-bounce', 'owner-list', 'list-request'] as const
/** As they stand in an SMTP command. */
const QUOTED_USERS = ['"john doe"', '"a,b"', '"q\\"x"'] as const
/** A delimiter at the very start, which is none. */
const LEADING_USERS = ['+lead', '+'] as const
/** What a wrong split of a special user, or an unquoted spelling, would look for: only in keys. */
const DECOY_USERS = ['mailer', 'double', 'owner', 'list', 'a,b'] as const
const EXTENSIONS = ['+x', '+x+y', '-z', '-z+x', '+', '+X'] as const
export const DOMAINS = [
  'd1.example',
  'sub.d1.example',
  'deep.sub.d1.example',
  'd2.example',
  'local.example',
] as const

const domain = fc.constantFrom(...DOMAINS)
const user = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...PLAIN_USERS) },
  { weight: 3, arbitrary: fc.constantFrom(...SPECIAL_USERS) },
  { weight: 2, arbitrary: fc.constantFrom(...QUOTED_USERS) },
  { weight: 1, arbitrary: fc.constantFrom(...LEADING_USERS) },
)
const extension = fc.oneof(
  { weight: 3, arbitrary: fc.constant('') },
  { weight: 5, arbitrary: fc.constantFrom(...EXTENSIONS) },
)

/** Puts the extension inside the quotes of a quoted user. */
function extended(name: string, suffix: string): string {
  return name.endsWith('"') ? `${name.slice(0, -1)}${suffix}"` : name + suffix
}

const local = fc.tuple(user, extension).map(([name, suffix]) => extended(name, suffix))

/** The local part of a key. */
const keyLocal = fc.oneof(
  { weight: 5, arbitrary: local },
  { weight: 2, arbitrary: fc.constantFrom(...DECOY_USERS) },
)

/** Now and then in another case. */
function anyCase(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(text, fc.nat(5)).map(([one, pick]) => {
    if (pick === 0) return one.toUpperCase()
    return pick === 1 ? one.charAt(0).toUpperCase() + one.slice(1) : one
  })
}

export const addresses = anyCase(fc.tuple(local, domain).map(([name, place]) => `${name}@${place}`))

const parents = fc.constantFrom('example', 'sub.d1.example', 'd1.example')

/** Keys of virtual(5), canonical(5) and relocated(5). */
export const addressKeys = anyCase(
  fc.oneof(
    { weight: 5, arbitrary: fc.tuple(keyLocal, domain).map(([name, place]) => `${name}@${place}`) },
    { weight: 2, arbitrary: keyLocal },
    { weight: 1, arbitrary: domain.map((place) => `@${place}`) },
  ),
)

/**
 * Keys of virtual(5) and canonical(5): none without the quotes that it needs. A known difference:
 * there Postfix looks for the quoted spelling only, the gateway for both, as Postfix does elsewhere.
 */
export const aliasKeys = addressKeys.filter((key) => !/^a,b/i.test(key))

/** Keys of transport(5). */
export const transportKeys = anyCase(
  fc.oneof(
    { weight: 4, arbitrary: fc.tuple(keyLocal, domain).map(([name, place]) => `${name}@${place}`) },
    { weight: 1, arbitrary: fc.oneof(domain, parents) },
    { weight: 1, arbitrary: parents.map((place) => `.${place}`) },
  ),
)

/** Keys of access(5) for addresses. */
export const accessKeys = anyCase(
  fc.oneof(
    { weight: 4, arbitrary: fc.tuple(keyLocal, domain).map(([name, place]) => `${name}@${place}`) },
    { weight: 3, arbitrary: keyLocal.map((name) => `${name}@`) },
    {
      weight: 1,
      arbitrary: fc.oneof(
        domain,
        parents,
        parents.map((place) => `.${place}`),
      ),
    },
    { weight: 1, arbitrary: fc.constant('<>') },
  ),
)

export const hostNames = anyCase(
  fc.tuple(fc.constantFrom('', 'mx.', 'a.mx.'), domain).map(([host, place]) => host + place),
)

export const hostKeys = anyCase(
  fc.oneof(
    hostNames,
    parents,
    parents.map((place) => `.${place}`),
    hostNames.map((name) => `.${name}`),
  ),
)

const octet = fc.constantFrom('1', '2', '10')
export const ipv4 = fc.tuple(octet, octet, octet).map((octets) => `192.${octets.join('.')}`)
/** In the form that Postfix writes: compressed, lower case. */
export const ipv6 = fc.constantFrom(
  '2001:db8::1',
  '2001:db8::1:1',
  '2001:db8:1::1',
  '2001:db8:1:2:3:4:5:6',
  '2001:db9::',
  'fd00::1',
  '::2',
)

/** Addresses, cut at any place. */
export const networkKeys = fc.oneof(ipv4, ipv6).chain((address) => {
  const separator = address.includes(':') ? ':' : '.'
  const cuts = Array.from(address).flatMap((character, at) => (character === separator && at > 0 ? [at] : []))
  return fc.constantFrom(address, ...cuts.map((at) => address.slice(0, at)))
})

/** The same list in every run with the same seed. */
export function sample<T>(arbitrary: fc.Arbitrary<T>, count: number): T[] {
  return fc.sample(arbitrary, { numRuns: count, seed: SEED })
}

/** Each key once, with a value that says which entry it was. */
export function numbered(
  keys: readonly string[],
  value: (number: number) => string,
): (readonly [string, string])[] {
  return [...new Set(keys)].map((key, number) => [key, value(number)] as const)
}
