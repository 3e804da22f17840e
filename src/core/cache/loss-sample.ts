/**
 * Asks a service for keys that it found lately, to tell one deleted key from lost data.
 *
 *   40 keys    fewer than 4 of them "not found"                     -> healthy
 *   120 keys   a sixth of them and at least 2 "not found"           -> lost; fewer -> healthy
 *   fewer are known: all of them, by the same share
 *   more than a tenth of the questions failed                       -> undecided
 *
 * Of many keys, a service that has lost 30 % passes with a probability of 0.084 %, 20 %: 16 %. One that has lost 5 % is
 * held with 0.0002 %, 10 %: 1.5 %. Sums of the binomial distribution; test/unit/core/cache/loss-sample.test.ts has them.
 */
import type { Clock } from '../clock.ts'

/** Keys of the first part. Ours: the least that shows a loss of 30 % with less than one error in a thousand. */
const FIRST_KEYS = 40

/** Keys "not found" in the first part from which the second is asked. Ours: the next lower is passed by 0.06 %. */
const FIRST_LOST = 4

/** Keys of both parts. Ours: enough to tell 10 % from 30 %. */
export const SAMPLE_KEYS = 120

/** Share of the answers from which the service has lost data. Ours: between a deleted domain and a third. */
const LOST_SHARE = 0.166

/** Least keys that must be lost besides the one that was asked for. Ours: of a handful one may be deleted at the same time. */
const MIN_LOST = 2

/** Part of the questions that must be answered. Ours: fewer prove too little. */
const ANSWERED_SHARE = 0.9

/** Questions at a time. Ours: a second for the first part at a tenth of a second each. */
const CONCURRENT = 4

/** Time until a question that found no slot is asked again, ms. Ours: lookups go first. */
const AGAIN_AFTER_MS = 100

/** Time from the start of a sample after which that is given up, ms. Ours: a busy service has a free slot now and then. */
const GIVE_UP_MS = 10_000

export type SampleVerdict = 'healthy' | 'lost' | 'undecided'

/** What became of one question. `shed`: it was not asked. */
export type SampleOutcome = 'found' | 'lost' | 'failed' | 'shed'

/**
 * @param keys At most {@link SAMPLE_KEYS} different ones in random order; at least one.
 * @param ask Must not reject.
 */
export async function askSample(
  keys: readonly string[],
  ask: (key: string) => Promise<SampleOutcome>,
  clock: Clock,
): Promise<SampleVerdict> {
  const counts = { answered: 0, lost: 0 }
  const untilMs = clock.monotonicMs() + GIVE_UP_MS
  const askOne = (key: string) => askUntil(untilMs, key, ask, clock)
  await askAll(keys.slice(0, FIRST_KEYS), askOne, counts)
  const rest = keys.slice(FIRST_KEYS, SAMPLE_KEYS)
  if (counts.answered === FIRST_KEYS && counts.lost < FIRST_LOST && rest.length > 0) return 'healthy'
  if (counts.lost < SAMPLE_KEYS * LOST_SHARE) await askAll(rest, askOne, counts)
  else return 'lost'
  if (counts.answered < ANSWERED_SHARE * keys.length) return 'undecided'
  return counts.lost >= Math.max(MIN_LOST, LOST_SHARE * counts.answered) ? 'lost' : 'healthy'
}

/** Waits for every answer, since those that are late may be of another sort than the others. */
async function askAll(
  keys: readonly string[],
  ask: (key: string) => Promise<SampleOutcome>,
  counts: { answered: number; lost: number },
): Promise<void> {
  let next = 0
  const askInTurn = async () => {
    for (let key = keys[next++]; key !== undefined; key = keys[next++]) {
      const outcome = await ask(key)
      if (outcome === 'found' || outcome === 'lost') counts.answered++
      if (outcome === 'lost') counts.lost++
    }
  }
  await Promise.all(Array.from({ length: CONCURRENT }, askInTurn))
}

async function askUntil(
  untilMs: number,
  key: string,
  ask: (key: string) => Promise<SampleOutcome>,
  clock: Clock,
): Promise<SampleOutcome> {
  for (;;) {
    const outcome = await ask(key)
    if (outcome !== 'shed' || clock.monotonicMs() >= untilMs) return outcome
    await new Promise<void>((resolve) => clock.after(AGAIN_AFTER_MS, resolve))
  }
}
