/**
 * The HTTP service behind the tables of the pages: it knows what it is given, and says 404 to the rest.
 */
import type { HttpService, Reply } from '../../support/http/http-service.ts'
import type { PageTables } from './page-tables.ts'

/** Values by table and key. */
export type Entries = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>

/** The keys that the canaries of the pages need. */
const CANARIES: Entries = {
  'alias-domains': { 'example.org': 'example.org' },
  'relay-domains': { 'relay.example': 'relay.example' },
  'sender-canonical': { 'canary@example.com': 'postmaster@example.com' },
  transport: { 'canary@example.com': 'discard:' },
  aliases: { 'postmaster@example.com': 'm00@example.com' },
  mailboxes: { 'postmaster@example.com': 'postmaster/' },
  domains: { 'example.com': 'example.com' },
  'recipient-bcc': { 'canary@example.com': 'archive@example.com' },
  'sender-bcc': { 'bcc-canary@example.com': 'archive@example.com' },
  'sender-access': { 'canary@example.com': 'DUNNO' },
  'sender-logins': { 'postmaster@example.com': 'postmaster' },
  canonical: { 'postmaster@old.example': 'postmaster@example.com' },
}

/** Makes a service answer for these tables, at the routes and in the fields that the pages name, and list them. */
export function serveEntries(service: HttpService, tables: PageTables, entries: Entries): void {
  const routes = Object.entries(tables).map(([name, { request, response }]) => ({
    list: `/v1/lists/${name}`,
    prefix: `/v1${request.path.replace('{key}', '')}`,
    field: response.value.replace('$.', ''),
    values: { ...CANARIES[name], ...entries[name] },
  }))
  service.otherwise = ({ url }): Reply => {
    const list = routes.find((route) => url === route.list)
    if (list !== undefined) {
      const { values, field } = list
      return {
        json: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, { [field]: value }])),
      }
    }
    const route = routes.find(({ prefix }) => url.startsWith(prefix))
    const value = route?.values[decodeURIComponent(url.slice(route.prefix.length))]
    return route === undefined || value === undefined ? { status: 404 } : { json: { [route.field]: value } }
  }
}
