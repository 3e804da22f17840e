/**
 * What becomes of addresses in one instance, as somebody outside sees it.
 */
import type { Cleanup } from '../../support/http/http-service.ts'
import type { LmtpSink } from '../../support/postfix/lmtp-sink.ts'
import type { Postfix } from '../../support/postfix/postfix.ts'
import { openSmtpSession, type SmtpReply } from '../../support/postfix/smtp-session.ts'

/** Recipients in one transaction, commands in one write. Ours: fewer than smtpd(8) reads ahead. */
const BATCH = 100

/** One line per command sequence: the reply to its last command. */
export async function replies(
  cleanup: Cleanup,
  postfix: Postfix,
  sequences: readonly (readonly string[])[],
): Promise<string[]> {
  const session = await openSmtpSession(cleanup, postfix.smtpPort)
  const last: string[] = []
  for (let from = 0; from < sequences.length; from += BATCH) {
    const batch = sequences.slice(from, from + BATCH)
    const all = await session.commands(batch.flat())
    let at = 0
    for (const { length } of batch) {
      at += length
      last.push(text(all[at - 1]))
    }
  }
  return last
}

/** The replies to RCPT TO, many in one transaction. */
export async function recipientReplies(
  cleanup: Cleanup,
  postfix: Postfix,
  recipients: readonly string[],
): Promise<string[]> {
  // Under another top level than the entries, so that none of them is about the sender.
  const start = ['RSET', 'MAIL FROM:<sender@elsewhere.test>']
  const session = await openSmtpSession(cleanup, postfix.smtpPort)
  const last: string[] = []
  for (let from = 0; from < recipients.length; from += BATCH) {
    const batch = recipients.slice(from, from + BATCH).map((address) => `RCPT TO:<${address}>`)
    const all = await session.commands([...start, ...batch])
    last.push(...all.slice(start.length).map(text))
  }
  return last
}

function text(reply: SmtpReply | undefined): string {
  return reply?.text ?? 'no reply'
}

/** Sends one message per case, and tells for each who got it, from whom. */
export async function delivered(
  cleanup: Cleanup,
  postfix: Postfix,
  sink: LmtpSink,
  cases: readonly { readonly from: string; readonly to: string }[],
): Promise<string[]> {
  const session = await openSmtpSession(cleanup, postfix.smtpPort)
  const outcomes: string[] = []
  for (const [number, { from, to }] of cases.entries()) {
    const sent = await session.send(from, [to], `case ${number}`)
    const refused = [...sent.recipients, sent.message].find(
      (reply) => reply !== undefined && reply.code >= 400,
    )
    outcomes.push(refused === undefined ? '' : refused.text)
  }
  const done = await arrived(postfix, sink)
  return outcomes.map((outcome, number) =>
    outcome === '' ? (done.get(`case ${number}`) ?? 'lost') : outcome,
  )
}

/** Waits until the queue is empty, then tells the envelopes by subject. */
async function arrived(postfix: Postfix, sink: LmtpSink): Promise<ReadonlyMap<string, string>> {
  await postfix.emptied()
  const envelopes = new Map<string, string[]>()
  for (const { from, to, subject } of sink.deliveries) {
    const lines = envelopes.get(subject) ?? []
    for (const address of to) lines.push(`${from} -> ${address}`)
    envelopes.set(subject, lines)
  }
  return new Map(Array.from(envelopes, ([subject, lines]) => [subject, lines.sort().join(', ')]))
}
