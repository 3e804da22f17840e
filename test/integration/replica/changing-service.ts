/**
 * A service that lists its mailboxes and tells what has changed since a cursor, and a gateway that asks it.
 *
 *   GET /mailboxes                     {"cursor": "r7", "entries": [{"address", "mailbox"}]}
 *   GET /mailboxes/changes?since=r5    {"cursor": "r7", "entries": [{"address", "mailbox"}, {"address", "deleted": true}]}
 */
import { expect } from 'vitest'
import type { TestGateway } from '../../support/gateway/gateway.ts'
import {
  type Behaviour,
  type Cleanup,
  type HttpService,
  startHttpService,
} from '../../support/http/http-service.ts'
import { folderFor, replicaYaml, startReplicated } from './replicated.ts'

export const TEN = Array.from({ length: 10 }, (_, at) => [`user${at}@a.example`, `a/${at}/`] as const)

/** What `replica` of the table says besides. */
export const CHANGES = `changes: /mailboxes/changes?since={cursor}
      items: $.entries[*]`

/** And of a table whose copy answers alone. */
export const ALONE = `authoritative: true\n      ${CHANGES}`

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

/** A gateway with a copy of the ten. */
export async function withCopy(t: Cleanup, settings = ALONE, table = '') {
  const http = await startHttpService(t)
  const service = new ChangingService(http)
  const yaml = replicaYaml(http.origin, folderFor(t), settings, table)
  const gateway = await startReplicated(t, yaml)
  return { http, service, gateway, yaml, client: gateway.socketmap() }
}

export function asked({ requests }: HttpService): string[] {
  return requests.map(({ url }) => url)
}

export async function push(gateway: TestGateway, method: 'PUT' | 'DELETE', key: string, mailbox?: string) {
  const url = `${gateway.adminUrl}/api/v1/tables/mailboxes/replica/entries/${encodeURIComponent(key)}`
  const body = mailbox === undefined ? null : JSON.stringify({ value: { mailbox } })
  const headers = { 'x-mapgate': '1', ...(body !== null && { 'content-type': 'application/json' }) }
  expect((await fetch(url, { method, headers, body })).status).toBe(200)
}

/** Holds the next reply of the route for changes. @returns What lets it go. */
export function heldChanges(service: ChangingService, reply: object): () => void {
  let send = (): void => {}
  const after = new Promise<void>((resolve) => {
    send = resolve
  })
  service.changes = { json: reply, after }
  return send
}
