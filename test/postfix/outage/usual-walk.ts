/**
 * The mail that the usual three tables must let through in an outage: mailboxes, mailboxes with an extension, aliases;
 * and the addresses that nobody has, which must never be refused by a guess.
 */
import type { Cleanup } from '../../support/http/http-service.ts'
import type { LmtpSink } from '../../support/postfix/lmtp-sink.ts'
import type { Postfix } from '../../support/postfix/postfix.ts'
import type { Entries } from './directory.ts'
import { addresses, count, print, send } from './setup.ts'

const MAILBOXES = addresses('m', 40)
const EXTENDED = addresses('m', 10, '+news')
const ALIASES = addresses('a', 20)
const UNKNOWN = addresses('u', 5)

export const USUAL_ENTRIES: Entries = {
  domains: { 'example.com': 'example.com' },
  mailboxes: Object.fromEntries(MAILBOXES.map((address) => [address, 'box/'])),
  aliases: Object.fromEntries(ALIASES.map((address, i) => [address, MAILBOXES[i] ?? ''])),
}

/** Recipients accepted, of which the backend got a message; and what became of unknown ones. */
export interface Walked {
  readonly mailboxes: number
  readonly extended: number
  readonly aliases: number
  readonly delivered: number
  readonly unknown550: number
  readonly unknown451: number
}

/** Everybody gets mail, nobody is refused: 40 + 10 mailboxes, 20 mailboxes behind aliases. */
export const ALL_FLOWS = { mailboxes: 40, extended: 10, aliases: 20, delivered: 70 }

/** Sends to all of them, unknown addresses first, while their "not found" is as young as can be. */
export async function walk(
  t: Cleanup,
  { postfix, sink }: { readonly postfix: Postfix; readonly sink: LmtpSink },
  when: string,
): Promise<Walked> {
  const unknown = await send(t, postfix, UNKNOWN, `${when}, unknown`)
  const lists = { mailboxes: MAILBOXES, extended: EXTENDED, aliases: ALIASES }
  const accepted = { mailboxes: 0, extended: 0, aliases: 0 }
  let delivered = 0
  for (const name of ['mailboxes', 'extended', 'aliases'] as const) {
    const subject = `${when}, ${name}`
    const sent = await send(t, postfix, lists[name], subject)
    if (sent.message?.code !== 250) continue
    accepted[name] = count(sent, 250)
    delivered += (await sink.recipientsOf(subject, accepted[name])).length
  }
  const walked = { ...accepted, delivered, unknown550: count(unknown, 550), unknown451: count(unknown, 451) }
  print(when, {
    'plain mailboxes': [walked.mailboxes, 40],
    'with extension': [walked.extended, 10],
    aliases: [walked.aliases, 20],
    delivered: [delivered, 70],
    'unknown 550': [walked.unknown550, 5],
    'unknown 451': [walked.unknown451, 5],
  })
  return walked
}
