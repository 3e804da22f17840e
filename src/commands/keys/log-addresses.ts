/**
 * The addresses in a line of Postfix's log. Pure.
 *
 *   … postfix/qmgr[71]: 4Rz: from=<ann@a.example>, size=…
 *   … postfix/lmtp[72]: 4Rz: to=<bob@b.example>, orig_to=<sales@b.example>, relay=…
 *   … postfix/smtpd[73]: NOQUEUE: reject: RCPT from …: 550 …; from=<ann@a.example> to=<none@b.example> proto=…
 *
 * `orig_to` is what a client wrote before an alias was found, so it was a key, too; a rejected recipient was one that was asked for.
 * Source: postlogd(8) and the records of qmgr(8), smtpd(8) and the delivery agents.
 */

interface LogAddresses {
  readonly senders: readonly string[]
  readonly recipients: readonly string[]
}

/** An address between `<` and `>`; a local part in quotes may have these signs itself. */
const ADDRESS = /(?:^|[\s,;])(from|to|orig_to)=<((?:"(?:[^"\\]|\\.)*"|[^<>"])*)>/g

/** Longest line that is looked at, in characters. Source: syslog daemons cut at 8 KiB or less. */
const MAX_LINE = 16_384

/** @param line As syslog or `journalctl` writes it, or an object of `journalctl -o json`. */
export function addressesIn(line: string): LogAddresses {
  const senders: string[] = []
  const recipients: string[] = []
  for (const [, field, address = ''] of messageOf(line.slice(0, MAX_LINE)).matchAll(ADDRESS)) {
    // The null sender of a bounce is no address.
    if (address === '') continue
    if (field === 'from') senders.push(address)
    else recipients.push(address)
  }
  return { senders, recipients }
}

/** The domain of an address in lower case; undefined for one without. */
export function domainOf(address: string): string | undefined {
  const at = address.lastIndexOf('@')
  return at === -1 || at === address.length - 1 ? undefined : address.slice(at + 1).toLowerCase()
}

function messageOf(line: string): string {
  if (!line.startsWith('{')) return line
  try {
    const { MESSAGE: message } = JSON.parse(line) as { MESSAGE?: unknown }
    // The journal writes bytes that are no UTF-8 as an array of numbers.
    if (Array.isArray(message)) return Buffer.from(message as number[]).toString('latin1')
    return typeof message === 'string' ? message : ''
  } catch {
    return line
  }
}
