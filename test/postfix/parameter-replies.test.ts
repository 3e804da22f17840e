/**
 * What each kind of answer means to Postfix, parameter by parameter: the replies that the pages in
 * docs/postfix/ promise. A failure of the service never becomes a rejection.
 */
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import {
  type HttpService,
  type RecordedRequest,
  type Reply,
  startHttpService,
} from '../support/http/http-service.ts'
import type { MainCf } from '../support/postfix/files.ts'
import { requirePostfix, startPostfix } from '../support/postfix/postfix.ts'
import { openSmtpSession } from '../support/postfix/smtp-session.ts'
import { startServing, type TableSettings } from './serving.ts'

const SENDER = 's@elsewhere.example'

/** What the service knows about, by how the key begins. */
const KINDS = ['found', 'absent', 'failing', 'refused'] as const
type Kind = (typeof KINDS)[number]

/** Code and enhanced status code (RFC 3463) of the last reply. */
type Replies = Readonly<Record<Kind, string>>

interface Parameter {
  readonly name: string
  readonly table?: TableSettings
  readonly mainCf: (table: string) => MainCf
  readonly value: string
  readonly commands: (kind: Kind) => readonly string[]
  readonly socketmap: Replies
  /** What is different over tcp_table, which has no "permanent". */
  readonly tcp?: Partial<Replies>
}

const toKind = (kind: Kind) => [`MAIL FROM:<${SENDER}>`, `RCPT TO:<${kind}@a.example>`]
const fromKind = (kind: Kind) => [`MAIL FROM:<${kind}@a.example>`, 'RCPT TO:<x@b.example>']
const message = ['DATA', '\r\n.']

const ADDRESS = { search: 'address' }
const OK = '250 2.1.5'
const LATER = '451 4.3.0'
const UNKNOWN = { found: OK, absent: '550 5.1.1', failing: LATER, refused: '451 4.3.5' }
const QUEUED = { found: '250 2.0.0', absent: '250 2.0.0', failing: LATER, refused: LATER }
const ACCESS = { found: '554 5.7.1', absent: OK, failing: '451 4.3.5', refused: '451 4.3.5' }

const PARAMETERS: readonly Parameter[] = [
  {
    name: 'virtual_alias_maps',
    table: ADDRESS,
    mainCf: (table) => ({ virtual_alias_maps: table, virtual_alias_domains: 'a.example' }),
    value: 'x@b.example',
    commands: toKind,
    socketmap: UNKNOWN,
    tcp: { refused: LATER },
  },
  {
    name: 'virtual_mailbox_domains',
    mainCf: (table) => ({
      virtual_mailbox_domains: table,
      mynetworks: '',
      smtpd_relay_restrictions: 'reject_unauth_destination',
    }),
    value: 'ours',
    commands: (kind) => [`MAIL FROM:<${SENDER}>`, `RCPT TO:<x@${kind}.example>`],
    socketmap: { found: OK, absent: '554 5.7.1', failing: LATER, refused: LATER },
  },
  {
    name: 'virtual_mailbox_maps',
    table: ADDRESS,
    mainCf: (table) => ({ virtual_mailbox_maps: table, virtual_mailbox_domains: 'a.example' }),
    value: 'x/',
    commands: toKind,
    socketmap: UNKNOWN,
    tcp: { refused: LATER },
  },
  {
    name: 'relay_recipient_maps',
    table: ADDRESS,
    mainCf: (table) => ({ relay_recipient_maps: table, relay_domains: 'a.example' }),
    value: 'x',
    commands: toKind,
    socketmap: UNKNOWN,
    tcp: { refused: LATER },
  },
  {
    name: 'transport_maps',
    table: { search: 'transport' },
    mainCf: (table) => ({ transport_maps: table }),
    value: 'error:5.1.2 closed',
    commands: toKind,
    socketmap: { found: '550 5.1.2', absent: OK, failing: LATER, refused: LATER },
  },
  {
    name: 'relocated_maps',
    table: ADDRESS,
    mainCf: (table) => ({ relocated_maps: table, relay_domains: 'a.example' }),
    value: 'new@b.example',
    commands: toKind,
    socketmap: { found: '550 5.1.6', absent: OK, failing: LATER, refused: LATER },
  },
  {
    name: 'canonical_maps',
    table: ADDRESS,
    mainCf: (table) => ({ canonical_maps: table }),
    value: 'new@b.example',
    commands: toKind,
    socketmap: { found: OK, absent: OK, failing: LATER, refused: '451 4.3.5' },
    tcp: { refused: LATER },
  },
  {
    name: 'sender_dependent_relayhost_maps',
    table: ADDRESS,
    mainCf: (table) => ({ sender_dependent_relayhost_maps: table }),
    value: '[127.0.0.1]:9',
    commands: fromKind,
    socketmap: { found: OK, absent: OK, failing: LATER, refused: LATER },
  },
  {
    name: 'sender_bcc_maps',
    table: ADDRESS,
    mainCf: (table) => ({ sender_bcc_maps: table }),
    value: 'archive@b.example',
    commands: (kind) => [...fromKind(kind), ...message],
    socketmap: QUEUED,
  },
  {
    name: 'recipient_bcc_maps',
    table: ADDRESS,
    mainCf: (table) => ({ recipient_bcc_maps: table }),
    value: 'archive@b.example',
    commands: (kind) => [...toKind(kind), ...message],
    socketmap: QUEUED,
  },
  {
    name: 'check_sender_access',
    table: { search: 'access-address' },
    mainCf: (table) => ({ smtpd_sender_restrictions: `check_sender_access ${table}` }),
    value: 'REJECT',
    commands: fromKind,
    socketmap: ACCESS,
  },
  {
    name: 'check_recipient_access',
    table: { search: 'access-address' },
    mainCf: (table) => ({ smtpd_recipient_restrictions: `check_recipient_access ${table}` }),
    value: 'REJECT',
    commands: toKind,
    socketmap: ACCESS,
  },
  {
    name: 'check_helo_access',
    table: { search: 'access-client' },
    mainCf: (table) => ({ smtpd_helo_restrictions: `check_helo_access ${table}` }),
    value: 'REJECT',
    commands: (kind) => [`HELO ${kind}.example`, ...toKind('absent')],
    socketmap: ACCESS,
  },
]

beforeEach((context) => requirePostfix(context))

describe.each(PARAMETERS)('$name', (parameter) => {
  test.each(['socketmap', 'tcp'] as const)('means what its page says, over %s', async (protocol) => {
    const cleanup = { onTestFinished }
    const service = await startHttpService(cleanup)
    answerByKind(service, parameter.value)
    const serving = await startServing(cleanup, service, { table: { cache: 'off', ...parameter.table } })
    const postfix = await startPostfix(cleanup, parameter.mainCf(serving[protocol]('table')))
    const replies: Record<string, string> = {}
    for (const kind of KINDS) {
      const session = await openSmtpSession(cleanup, postfix.smtpPort)
      for (const command of parameter.commands(kind)) {
        replies[kind] = (await session.command(command)).text.slice(0, OK.length)
        if (/^[45]/.test(replies[kind] ?? '')) break
      }
    }
    expect(replies).toEqual({ ...parameter.socketmap, ...(protocol === 'tcp' && parameter.tcp) })
  })
})

function answerByKind(service: HttpService, value: string): void {
  service.otherwise = ({ url }: RecordedRequest): Reply => {
    const key = new URL(url, 'http://service.example').searchParams.get('key') ?? ''
    if (key.startsWith('found')) return { json: { value } }
    if (key.startsWith('failing')) return { status: 503 }
    return { status: key.startsWith('refused') ? 400 : 404 }
  }
}
