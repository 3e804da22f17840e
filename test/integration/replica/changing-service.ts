/**
 * A service that lists its mailboxes and tells what has changed since a cursor.
 *
 *   GET /mailboxes                     {"cursor": "r7", "entries": [{"address", "mailbox"}]}
 *   GET /mailboxes/changes?since=r5    {"cursor": "r7", "entries": [{"address", "mailbox"}, {"address", "deleted": true}]}
 */
import type { Behaviour, HttpService } from '../../support/http/http-service.ts'

export const TEN = Array.from({ length: 10 }, (_, at) => [`user${at}@a.example`, `a/${at}/`] as const)

/** What `replica` of the table says besides. */
export const CHANGES = `changes: /mailboxes/changes?since={cursor}
      items: $.entries[*]`

export class ChangingService {
  readonly mailboxes = new Map<string, string>(TEN)
  /** Keys that changed, the revision of the first one is 1. */
  readonly #log: string[] = []
  /** What the routes answer instead. */
  list: Behaviour | undefined
  changes: Behaviour | undefined

  constructor(service: HttpService) {
    service.otherwise = ({ url }) => {
      const { pathname, searchParams } = new URL(url, 'http://service')
      const instead = pathname === '/mailboxes' ? this.list : this.changes
      if (typeof instead === 'object') return instead
      if (pathname === '/mailboxes') return { json: this.listed() }
      if (pathname === '/mailboxes/changes')
        return { json: this.changedSince(searchParams.get('since') ?? '') }
      return { status: 404 }
    }
  }

  set(address: string, mailbox: string): void {
    this.mailboxes.set(address, mailbox)
    this.#log.push(address)
  }

  delete(address: string): void {
    this.mailboxes.delete(address)
    this.#log.push(address)
  }

  listed() {
    const entries = Array.from(this.mailboxes, ([address, mailbox]) => ({ address, mailbox }))
    return { cursor: this.#cursor(), entries }
  }

  changedSince(cursor: string) {
    const keys = new Set(this.#log.slice(Number(cursor.slice(1))))
    const entries = Array.from(keys, (address) => {
      const mailbox = this.mailboxes.get(address)
      return mailbox === undefined ? { address, deleted: true } : { address, mailbox }
    })
    return { cursor: this.#cursor(), entries }
  }

  #cursor(): string {
    return `r${this.#log.length}`
  }
}
