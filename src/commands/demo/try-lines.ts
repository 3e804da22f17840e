/**
 * What `mapgate demo` prints: where everything is, and lines that work when pasted.
 */
import { DEFAULT_ADMIN } from '../admin-target.ts'
import type { DemoPorts } from './ports.ts'

export interface Shown {
  readonly ports: DemoPorts
  /** Process id of the directory. */
  readonly directoryPid: number
  /** The words that start this program. */
  readonly mapgate: string
  /** The words that start postmap; undefined when this machine has none. */
  readonly postmap: string | undefined
  /** The files the demo runs with, as the person would type them. */
  readonly configFile: string
  readonly dataFolder: string
}

/** The whole text, each line ended. */
export function tryLines(shown: Shown): string {
  return [
    ...whereLines(shown),
    '',
    ...postmapLines(shown),
    '',
    ...mapgateLines(shown),
    '',
    ...curlLines(shown),
    '',
    ...troubleLines(shown),
    '',
  ]
    .map((line) => `${line}\n`)
    .join('')
}

/** The text printed when the person is asked to try the wire without Postfix around. */
function postmapLines({ ports, postmap }: Shown): string[] {
  const socketmap = (table: string): string => `socketmap:inet:127.0.0.1:${ports.socketmap}:${table}`
  const command = postmap ?? 'postmap'
  return [
    postmap === undefined
      ? 'Ask as Postfix does (postmap comes with Postfix, which is not installed here):'
      : 'Ask as Postfix does:',
    `  ${command} -q sales@lighthouse.example ${socketmap('aliases')}`,
    `  ${command} -q Sales+news@Lighthouse.example ${socketmap('aliases')}`,
    `  ${command} -q whoever@old-lighthouse.example ${socketmap('aliases')}`,
    `  ${command} -q alice@lighthouse.example ${socketmap('users')}`,
    `  ${command} -q orders@mail.partner.example ${socketmap('transports')}`,
    `  ${command} -q former@lighthouse.example ${socketmap('access')}`,
    `  ${command} -q info@lighthouse.example tcp:127.0.0.1:${ports.tcpTable}`,
  ]
}

function whereLines({ ports, directoryPid, configFile, dataFolder }: Shown): string[] {
  return [
    'mapgate demo: an HTTP directory of a made-up company, and a gateway over it.',
    '',
    `  directory  http://127.0.0.1:${ports.directory}  process ${directoryPid}, its data: ${dataFolder}`,
    `  socketmap  inet:127.0.0.1:${ports.socketmap}  every table`,
    `  tcp_table  inet:127.0.0.1:${ports.tcpTable}  the table aliases`,
    `  policy     inet:127.0.0.1:${ports.policy}  what check_policy_service asks`,
    `  sasl       inet:127.0.0.1:${ports.sasl}  who may log in: alice@lighthouse.example with the password lantern`,
    `  admin      http://127.0.0.1:${ports.admin}/  open it in a browser`,
    `  settings   ${configFile}`,
  ]
}

function mapgateLines({ ports, mapgate }: Shown): string[] {
  const url = `http://127.0.0.1:${ports.admin}`
  const admin = url === DEFAULT_ADMIN ? '' : ` --admin ${url}`
  return [
    'See why, forget what is stored, look around:',
    `  ${mapgate} query aliases Sales+news@Lighthouse.example --explain${admin}`,
    `  ${mapgate} query socketmap:inet:127.0.0.1:${ports.socketmap}:domains lighthouse.example`,
    `  ${mapgate} query policy:inet:127.0.0.1:${ports.policy} sender=ads@spam.example recipient=alice@lighthouse.example`,
    `  echo lantern | ${mapgate} query sasl:inet:127.0.0.1:${ports.sasl} user=alice@lighthouse.example`,
    `  ${mapgate} purge aliases @lighthouse.example${admin}`,
    `  ${mapgate} status${admin}`,
    `  ${mapgate} status --watch${admin}`,
  ]
}

function curlLines({ ports }: Shown): string[] {
  const api = `http://127.0.0.1:${ports.admin}`
  return [
    'The same over HTTP, and what the directory itself says:',
    `  curl '${api}/api/v1/tables/aliases/lookup?key=sales@lighthouse.example&explain=true'`,
    `  curl ${api}/api/v1/upstreams`,
    `  curl ${api}/metrics`,
    `  curl -i http://127.0.0.1:${ports.directory}/aliases/sales@lighthouse.example`,
  ]
}

function troubleLines({ directoryPid }: Shown): string[] {
  return [
    'Stop the directory for a while: what is known stays answered, what is not becomes "try later":',
    `  kill -STOP ${directoryPid}`,
    `  kill -CONT ${directoryPid}`,
    '',
    'Ctrl-C ends the demo.',
  ]
}
