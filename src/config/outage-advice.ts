/**
 * What an outage would stop, table by table, and what to write against it: advice of `mapgate check` and of the
 * readiness, since mail that waits is no fault of a file. Each is what the configuration checks would accept
 * (checks/outage.ts).
 */
import type { ListenerSettingsKind, SettingsKinds } from '../schema/settings-kind.ts'
import { asksNetwork } from './asks-network.ts'
import type { Config, TableConfig } from './config.ts'
import { isExistenceTable, type NotFoundVerdict, notFoundVerdict } from './not-found-verdicts.ts'

interface OutageAdvice {
  /** What waits: the subject of a sentence. */
  readonly stops: string
  /** What to write; undefined where mail has to wait. */
  readonly write?: string
  /** Postfix refuses it for good instead: the rule of another table holds where it must not. */
  readonly isRefused?: true
}

/** What a stored "not found" that is over stops, by the parameter that asks. */
const STOPS: ReadonlyMap<string, string> = new Map([
  ['virtual_alias_maps', 'mail to mailboxes that have no alias'],
  ['virtual_alias_domains', 'mail to domains that are not in this list'],
  ['canonical_maps', 'mail from and to addresses that are not rewritten'],
  ['recipient_canonical_maps', 'mail to addresses that are not rewritten'],
  ['sender_canonical_maps', 'mail from addresses that are not rewritten'],
  ['smtp_generic_maps', 'mail that leaves, from addresses that are not rewritten'],
  ['relocated_maps', 'mail to everybody who has not moved'],
  ['transport_maps', 'mail without a transport of its own'],
  ['sender_dependent_relayhost_maps', 'mail from senders without a relay of their own'],
  ['sender_dependent_default_transport_maps', 'mail from senders without a transport of their own'],
  ['sender_bcc_maps', 'mail from senders that is not copied'],
  ['recipient_bcc_maps', 'mail to recipients that is not copied'],
  ['smtpd_sender_login_maps', 'mail from addresses whose owner was not asked for before'],
  ['smtp_tls_policy_maps', 'mail to destinations without a policy'],
  ['smtp_sasl_password_maps', 'mail to relays without a password'],
])

const IN_ALIAS_DOMAIN = 'an address made an alias meanwhile, in a domain of virtual_alias_domains in main.cf,'

const CHECKED = 'mail that is on no list'

/** These are asked about keys of one domain after another, also of those that are not ours. */
const NOT_FILTERED: ReadonlySet<string> = new Set(['smtp_tls_policy_maps', 'smtp_sasl_password_maps'])

type Tables = ReadonlyMap<string, TableConfig>

/** The advice for one table; none where nothing is asked that may be down. */
export function outageAdvice(
  table: TableConfig,
  { tables, upstreams, listeners }: Config,
  kinds: SettingsKinds,
): readonly OutageAdvice[] {
  if (!asksNetwork(table.upstreams, upstreams, kinds)) return []
  const { usedBy, cache, sideEffects } = table
  const advice = (stops: string, write?: string): OutageAdvice => ({ stops, write })
  if (table.attributes !== undefined) {
    const outage = kinds.protocols.find((protocol) => isServed(table.name, listeners, protocol))?.outage
    if (outage === undefined || table.whenUnknown === 'notFound') return []
    const reply = outage.replies.find(({ adviceIf }) => adviceIf !== undefined)
    const needed = table.canary === undefined ? 'canary: { attributes: ... } and ' : ''
    return [advice(outage.stops, reply && `${needed}whenUnknown: ${reply.word}, ${reply.adviceIf}`)]
  }
  const server = otherServer(table.name, listeners, kinds)
  if (usedBy.length === 0 && server !== undefined) return [advice(`what ${server} asks here`)]
  if (usedBy.length === 0)
    return [
      advice(
        'what Postfix asks here',
        'usedBy: the main.cf parameter that uses it, to learn what could flow',
      ),
    ]
  if (sideEffects) return [advice('all mail that asks it')]
  const proof: OutageAdvice[] = provesAnyDomain(table, tables)
    ? [{ stops: IN_ALIAS_DOMAIN, write: 'domains: your mailbox domains', isRefused: true }]
    : []
  if (kinds.upstreams.some((kind) => kind.knowsAllKeys?.(table))) return proof
  if (cache === undefined) return [advice('all mail that asks it', 'no cache: off')]
  const all: OutageAdvice[] = []
  if (cache.staleIfErrorMs === 0 && !usedBy.includes('relocated_maps'))
    all.push(advice('what was found before', 'cache.staleIfError: 1d'))
  if (asksAboutStrangers(table, tables))
    all.push(
      advice(
        "mail for which Postfix asks this table about other people's domains",
        'domains: your own domains',
      ),
    )
  all.push(...proof)
  // Postfix ignores what they say of strangers, so a list of domains is all that they need.
  if (isExistenceTable(usedBy)) return all
  for (const use of usedBy) {
    const verdict = notFoundVerdict(use)
    if (verdict === undefined || hasRule(table, verdict)) continue
    all.push(advice(STOPS.get(use) ?? CHECKED, remedy(table, verdict, tables)))
  }
  return all
}

/** The mail server that asks a table, where it is another one than Postfix at every listener. */
function otherServer(
  table: string,
  listeners: Config['listeners'],
  kinds: SettingsKinds,
): string | undefined {
  const servers = listeners.flatMap(({ protocol, own }) => {
    const kind = kinds.protocols.find(({ name }) => name === protocol)
    return kind?.tables(own)?.includes(table) === false ? [] : [kind?.otherServer?.(own)]
  })
  return servers.every((server) => server !== undefined) ? servers[0] : undefined
}

/** Returns whether a listener of a protocol serves a table by attributes. */
function isServed(
  table: string,
  listeners: Config['listeners'],
  { name, attributes, tables }: ListenerSettingsKind,
): boolean {
  if (attributes === undefined) return false
  return listeners.some(({ protocol, own }) => protocol === name && (tables(own)?.includes(table) ?? true))
}

/**
 * A proof table must not hold for addresses of an alias domain, where Postfix never asks it. Which domains these are is
 * known from tables, else from its own list of domains alone: virtual_alias_domains may be in main.cf.
 */
function provesAnyDomain({ name, domains }: TableConfig, tables: Tables): boolean {
  if (domains !== undefined) return false
  const all = Array.from(tables.values())
  const isProof = all.some(
    ({ cache, usedBy }) => cache?.staleNotFound?.ifFoundIn === name && usedBy.includes('virtual_alias_maps'),
  )
  return isProof && !all.some(({ usedBy }) => usedBy.includes('virtual_mailbox_domains'))
}

/** The advice as one sentence, behind the word "write". */
export function adviceSentence({ stops, write, isRefused }: OutageAdvice): string {
  if (write === undefined) return `nothing: ${stops} has to wait (docs/resilience.md)`
  return `${write}, else ${stops} ${isRefused ? REFUSED : 'waits'}`
}

/** As a line of `mapgate check`. */
export function adviceLine(table: string, { stops, write, isRefused }: OutageAdvice): string {
  const remedy = write === undefined ? 'and has to (docs/resilience.md)' : `unless you write ${write}`
  return `in an outage, tables.${table}: ${stops} ${isRefused ? REFUSED : 'waits'}, ${remedy}`
}

const REFUSED = 'gets 550'

/** A domains filter that is a table asks about strangers itself, unless it has a list. */
function asksAboutStrangers({ domains, usedBy, whenUnknown }: TableConfig, tables: Tables): boolean {
  if (domains?.kind === 'list') return false
  if (domains?.kind === 'table' && tables.get(domains.table)?.domains?.kind === 'list') return false
  const lists = ['virtual_mailbox_maps', 'relay_recipient_maps', 'local_recipient_maps']
  return (
    whenUnknown === undefined &&
    usedBy.some((use) => !NOT_FILTERED.has(use) && !lists.includes(use) && !/^check_\w+_access$/.test(use))
  )
}

function hasRule({ cache, whenUnknown }: TableConfig, { stale, mayBeMissed }: NotFoundVerdict): boolean {
  if (whenUnknown !== undefined && mayBeMissed) return true
  const { staleNotFound } = cache ?? {}
  return staleNotFound !== undefined && (stale !== 'proof' || staleNotFound.ifFoundIn !== undefined)
}

function remedy(
  { canary, name }: TableConfig,
  { stale, proofs, mayBeMissed }: NotFoundVerdict,
  tables: Tables,
): string | undefined {
  const first = canary === undefined ? 'canary: { key: ... } and ' : ''
  const missed = `${first}whenUnknown: notFound, if who is not on it may pass unchecked`
  switch (stale) {
    case 'harmless':
      return `${first}cache.staleNotFound: { for: 1d }`
    case 'operator': {
      const own = `${first}cache.staleNotFound: { for: 1h }, if the default is right for them`
      return mayBeMissed ? `${own}; or whenUnknown: notFound` : own
    }
    case 'proof': {
      const proof = Array.from(tables.values()).find(
        (other) => other.name !== name && other.usedBy.some((use) => proofs.includes(use)),
      )
      return proof === undefined
        ? `a table with usedBy: ${proofs.join(' or ')}, and ${first}cache.staleNotFound: { for: 1d, ifFoundIn: it }`
        : `${first}cache.staleNotFound: { for: 1d, ifFoundIn: ${proof.name} }`
    }
    default:
      return mayBeMissed ? missed : undefined
  }
}
