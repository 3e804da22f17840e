/**
 * Sentences that say of a place that it is not there, or no more: a route, an API and its version, a tenant, a bucket. Pure.
 *
 * A gateway, a storage service or a service with several tenants says so where the path is wrong, whatever the key. A
 * sentence that names what was asked for, or speaks of what a mail system has (users, aliases, domains), is the service's word.
 */
import { wordsOf } from './router-sentences.ts'

/** May have a name behind: `tenant acme`, `version v1`. */
const NAMED =
  '(?:routes?|paths?|endpoints?|urls?|uris?|pages?|resources?|apis?|versions?|tenants?|buckets?|blobs?|containers?|hosts?|hostnames?|vhosts?|' +
  'deployments?|applications?|apps?|projects?|sites?|websites?|workspaces?|organi[sz]ations?|namespaces?|environments?|realms?|webhooks?|' +
  'clusters?|repository|repositories|functions?|operations?|stages?|tunnels?|ingress|gateways?|backends?|upstreams?|instances?|subscriptions?|zones?|regions?)'

/** Only where the next word says "no": in front of others they say where something was looked for. */
const UNNAMED =
  '(?:servers?|services?|databases?|schemas?|tables?|index|indices|collections?|views?|files?|methods?|actions?|modules?|plugins?|features?|handlers?|controllers?)'

const IS_NOT =
  '(?:(?:is|was|are|were|has|have|had|been|be|could|can|does|do) )*(?:not|cannot be|t) (?:be )?(?:found|exist|known|available|supported|registered|configured|recogni[sz]ed|deployed|enabled|matched|located|resolved|defined|mapped|valid|handled|served|routed|running)\\b'

const IS_OVER =
  '(?:(?:is|was|are|were|has|have|been|now) )*(?:gone|unknown|invalid|missing|retired|deprecated|removed|deleted|discontinued|decommissioned|sunset|sunsetted|disabled|suspended|deactivated|expired|paused|stopped|moved|offline|under (?:maintenance|construction)|unsupported|unavailable|notfound|no longer \\w+|shut down|switched off|doesn t exist|does not exist)\\b'

/** Words between a thing and what is said of it: its name. */
const NAME = '(?:[a-z0-9\\u0080-\\uffff]+ ){0,4}?'

const DETERMINERS =
  '(?:(?:the|a|an|any|this|that|your|such|requested|specified|given|matching|valid|suitable|known|http|api|configured|registered|service|virtual|healthy|available) )*'

const PLACE_FIRST = new RegExp(`\\b(?:${NAMED} ${NAME}|${UNNAMED} )(?:${IS_NOT}|${IS_OVER})`)

const NO_FIRST = new RegExp(
  `\\b(?:no|bad|wrong|incorrect|not an? (?:valid|known)|unknown|invalid|unsupported|unrecogni[sz]ed|undefined|missing|nonexistent|deprecated|(?:not|cannot|could not|couldn t|unable to|failed to) (?:be )?(?:find|locate|resolve|match|route)) ${DETERMINERS}(?:${NAMED}|${UNNAMED})\\b`,
)

const MAIL_WORDS =
  '(?:users?|usernames?|alias|aliases|address|addresses|mailbox|mailboxes|maildir|mails?|emails?|recipients?|rcpt|domains?|accounts?|keys?|members?|' +
  'entry|entries|records?|rows?|senders?|lists?|transports?|persons?|people|contacts?|customers?|logins?|forwards?|forwarding|policy|policies|' +
  'identity|identities|subscribers?|destinations?|relays?|groups?)'

/** What a service for a mail system looks up. */
const OF_MAIL = new RegExp(`\\b${MAIL_WORDS}\\b`)

/** As in "users API", "mailbox endpoint": the thing is the place; and an API key is not a key of a table. */
const OF_PLACE = new RegExp(
  `\\b${MAIL_WORDS} (?=(?:apis?|endpoints?|routes?|services?|servers?|urls?|databases?|versions?)\\b)|(?<=\\bapi) (?:keys?|tokens?)\\b`,
  'g',
)

/** A page or a gateway says it of itself: no address of mail, no domain of a key. */
const HERE = /\b(?:at|on|for|of|in|with|to) (?:this|that|your|the requested) (?:address|domain|name|host)\b/g

/** Returns whether a text says that some place is not there, and nothing about what a mail system has. */
export function isAboutPlace(text: string): boolean {
  if (text.length > MAX_LENGTH) return false
  const words = wordsOf(text).join(' ').replace(HERE, '').replace(OF_PLACE, '')
  return (PLACE_FIRST.test(words) || NO_FIRST.test(words)) && !OF_MAIL.test(words)
}

/** Returns whether a text speaks of what a service for a mail system looks up, and not of its route. */
export function isOfMail(text: string): boolean {
  return (
    text.length <= MAX_LENGTH && OF_MAIL.test(wordsOf(text).join(' ').replace(HERE, '').replace(OF_PLACE, ''))
  )
}

/** Longest text that is looked at, in characters. Ours: the sentences known have under 200. */
const MAX_LENGTH = 1000

/**
 * Returns whether a text has the key that was asked for, its domain, or any address, outside of a path:
 * `/aliases/a@b.example` is what was asked.
 */
export function namesKey(text: string, key: string): boolean {
  const outside = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => !/^["'`[(<]*(?:[a-z]+:)?\//.test(word))
    .join(' ')
  if (outside.includes('@') || (key !== '' && outside.includes(key.toLowerCase()))) return true
  const domain = key.toLowerCase().slice(key.lastIndexOf('@') + 1)
  // Not as a part of a host's name, which may be the service's own.
  return (
    domain.includes('.') &&
    outside.split(/[^\p{L}\p{M}\p{N}._-]+/u).some((word) => word.replace(/\.$/, '') === domain)
  )
}
