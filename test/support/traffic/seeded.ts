/**
 * Random choices that can be repeated: the seed stands in the test's output.
 */
export type Random = () => number

/** Numbers from 0 up to 1. Source: mulberry32, a public domain generator of 32 bits of state. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** A whole number from `least` up to and including `most`. */
export function between(random: Random, least: number, most: number): number {
  return least + Math.floor(random() * (most - least + 1))
}

/** Any one of a list that is not empty. */
export function oneOf<T>(random: Random, list: readonly T[]): T {
  const chosen = list[Math.floor(random() * list.length)]
  if (chosen === undefined) throw new RangeError('an empty list')
  return chosen
}

/** Seconds of each live run: 10, or `MAPGATE_TEST_SECONDS`. */
export function liveSeconds(byDefault = 10): number {
  return Number(process.env.MAPGATE_TEST_SECONDS ?? byDefault)
}

/** The seed of this run: `MAPGATE_TEST_SEED` to repeat one. */
export function liveSeed(): number {
  return Number(process.env.MAPGATE_TEST_SEED ?? 20_261_120)
}
