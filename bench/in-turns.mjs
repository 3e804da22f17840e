/**
 * Measures several sides in turns: A B A B, so that what disturbs the machine disturbs all of them.
 */
import { summary } from './statistics.mjs'

/**
 * @param {Record<string, () => Promise<object>>} sides Each takes one measurement.
 * @param {number} rounds
 * @returns {Promise<Record<string, object[]>>} The measurements of each side, by round.
 */
export async function inTurns(sides, rounds) {
  const names = Object.keys(sides)
  const measured = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    // Every other round the other way round: what follows whom must not matter.
    const order = round % 2 === 0 ? names : [...names].reverse()
    for (const name of order) measured[name].push(await sides[name]())
  }
  return measured
}

/** CPU time of the server for one reply, in microseconds. */
export function cpuUsPerReply({ cpuMs, replies }) {
  return (cpuMs * 1000) / replies
}

export function perSecond({ replies, seconds }) {
  return replies / seconds
}

/** What is worth printing of one side. */
export function describe(runs) {
  const [first] = runs
  return {
    repliesPerSecond: summary(runs.map(perSecond)),
    cpuUsPerReply: summary(runs.map(cpuUsPerReply)),
    ...(first.latencyUs !== undefined && {
      latencyUs: Object.fromEntries(
        Object.keys(first.latencyUs).map((name) => [
          name,
          summary(runs.map((run) => run.latencyUs[name])).median,
        ]),
      ),
    }),
    ...(first.wrong !== undefined && { wrong: runs.reduce((sum, { wrong }) => sum + wrong, 0) }),
  }
}
