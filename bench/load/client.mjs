/**
 * The load: connections that each have one request in flight, as Postfix's processes do.
 *
 * Message `{ name: 'run', ... }`:
 *   port, protocol, table   who is asked; a path is a unix socket
 *   connections             how many ask at the same time
 *   keys                    `{ first, count }`: numbers taken in turn; `count` 0 means each one once
 *   expects                 `notfound` where no key is there
 *   extension               put into every key before the `@`
 *   warmMs, runMs           what is measured comes after the warm-up
 *   total                   instead of a time: ends after so many replies
 *   perSecond               questions over all connections, at even times; a latency counts from when its question was due.
 *                           Without it each connection asks as soon as it has its reply
 *   checksEach              looks at every reply instead of one in 64
 *   pid                     told to be measured: its CPU time is read at both ends of `runMs`
 */
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { answerUsage } from '../servers/usage.mjs'
import { cpuMsOf } from './cpu.mjs'
import { LatencyCounts } from './latency-counts.mjs'

const FRAMES = {
  socketmap: (table, key) => `${table.length + 1 + key.length}:${table} ${key},`,
  tcp_table: (_table, key) => `get ${key}\n`,
  policy: (_table, key) => `${POLICY_ATTRIBUTES}sender=${key}\n\n`,
  proxymap: (table, key) => `request\0lookup\0table\0mapgate:${table}\0flags\x00524352\x00key\0${key}\0\0`,
}
/** What smtpd(8) 3.7 says at RCPT TO of an unknown client, but for the sender. */
const POLICY_ATTRIBUTES = [
  'request=smtpd_access_policy',
  'protocol_state=RCPT',
  'protocol_name=ESMTP',
  'client_address=192.0.2.7',
  'client_name=mail.elsewhere.example',
  'client_port=41234',
  'reverse_client_name=mail.elsewhere.example',
  'server_address=192.0.2.25',
  'server_port=25',
  'helo_name=mail.elsewhere.example',
  'recipient=info@bench.example',
  'recipient_count=0',
  'queue_id=',
  'instance=1a2b.66f0c0de.1c7.0',
  'size=4711',
  'etrn_domain=',
  'stress=',
  'sasl_method=',
  'sasl_username=',
  'sasl_sender=',
  'ccert_subject=',
  'ccert_issuer=',
  'ccert_fingerprint=',
  'ccert_pubkey_fingerprint=',
  'encryption_protocol=',
  'encryption_cipher=',
  'encryption_keysize=0',
  'policy_context=',
  '',
].join('\n')
/** How a found reply looks: where it ends, and the bytes that say so. */
const LAST_BYTE = { socketmap: 0x2c, tcp_table: 0x0a, policy: 0x0a, proxymap: 0 }
const FOUND = {
  socketmap: /^\d+:OK /,
  tcp_table: /^200 /,
  policy: /^action=WARN /,
  proxymap: /^status\x000\x00/,
}
const NOT_FOUND = { socketmap: /^\d+:NOTFOUND /, tcp_table: /^500 / }

function addressOf(port) {
  return typeof port === 'string' ? { path: port } : { host: '127.0.0.1', port }
}

class Run {
  constructor(options) {
    this.options = options
    this.frame = FRAMES[options.protocol]
    this.lastByte = LAST_BYTE[options.protocol]
    this.found = (options.expects === 'notfound' ? NOT_FOUND : FOUND)[options.protocol]
    this.extension = options.extension ?? ''
    this.checked = options.checksEach ? 1 : 64
    this.asked = 0
    this.replies = 0
    this.wrong = 0
    this.closed = 0
    this.latencies = new LatencyCounts()
    this.state = 'running'
  }

  request() {
    const { keys, table } = this.options
    const number = keys.first + (keys.count === 0 ? this.asked : this.asked % keys.count)
    this.asked++
    return this.frame(table, `user${String(number).padStart(7, '0')}${this.extension}@bench.example`)
  }

  /** One connection after the other, until the run has stopped and its last reply is there. */
  async connection() {
    const asking = { request: '', sentAt: 0 }
    do await this.once(asking)
    while (asking.request !== '')
  }

  /** One connection. One that is closed under a question is made again, as Postfix does. */
  once(asking) {
    return new Promise((resolve) => {
      const socket = connect({ ...addressOf(this.options.port), noDelay: true })
      const ask = (dueAt = performance.now()) => {
        asking.request = this.request()
        // A timer may be early by a part of a millisecond.
        asking.sentAt = Math.min(dueAt, performance.now())
        socket.write(asking.request, 'latin1')
      }
      const askNext = () => {
        const { perSecond, connections } = this.options
        if (perSecond === undefined) return ask()
        const dueAt = asking.sentAt + (connections * 1000) / perSecond
        setTimeout(ask, Math.max(0, dueAt - performance.now()), dueAt)
      }
      socket.once('connect', () => {
        if (asking.request === '') ask()
        else socket.write(asking.request, 'latin1')
      })
      socket.on('data', (chunk) => {
        // Replies here are far shorter than a read.
        if (chunk[chunk.length - 1] !== this.lastByte) return
        this.latencies.add(performance.now() - asking.sentAt)
        this.replies++
        if (this.replies % this.checked === 0 && !this.found.test(chunk.toString('latin1'))) this.wrong++
        asking.request = ''
        if (this.state === 'running' && this.replies + this.options.connections <= this.total) askNext()
        else socket.end()
      })
      socket.on('error', () => this.closed++)
      socket.once('close', resolve)
    })
  }

  get total() {
    return this.options.total ?? Number.POSITIVE_INFINITY
  }

  async measure() {
    const { connections, warmMs = 0, runMs = 0, pid } = this.options
    const ended = Promise.all(Array.from({ length: connections }, () => this.connection()))
    if (this.options.total !== undefined) {
      await ended
      return this.result(0, performance.now(), 0)
    }
    await delay(warmMs)
    this.latencies.clear()
    const before = { replies: this.replies, at: performance.now(), cpuMs: cpuMsOf(pid) }
    await delay(runMs)
    const result = this.result(before.replies, before.at, cpuMsOf(pid) - before.cpuMs)
    this.state = 'stopped'
    await ended
    return result
  }

  result(repliesBefore, since, cpuMs) {
    return {
      replies: this.replies - repliesBefore,
      seconds: (performance.now() - since) / 1000,
      cpuMs,
      wrong: this.wrong,
      closed: this.closed,
      asked: this.asked,
      latencyUs: this.latencies.percentiles(),
    }
  }
}

answerUsage({ run: (options) => new Run(options).measure() })
process.send('ready')
