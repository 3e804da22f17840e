/**
 * The map files of Postfixadmin's documentation (DOCUMENTS/POSTFIX_CONF.txt), asked as Postfix asks them: each key in its
 * spellings, for each spelling one map after the other, and the first that has it wins.
 *
 * Source: mail_addr_find.c, maps_find.c and db_common_expand.c of Postfix.
 */
import { runOk } from '../packaging/run.ts'
import { PASSWORD, PYTHON } from './databases.ts'

/** Maps of one parameter, in order. `active='1'` and CONCAT as for MySQL; see {@link dialects}. */
export const MAPS = {
  virtual_alias_maps: [
    "SELECT goto FROM alias WHERE address='%s' AND active = '1'",
    "SELECT goto FROM alias,alias_domain WHERE alias_domain.alias_domain = '%d' and alias.address = CONCAT('%u', '@', alias_domain.target_domain) AND alias.active='1' AND alias_domain.active='1'",
    "SELECT goto FROM alias,alias_domain WHERE alias_domain.alias_domain = '%d' and alias.address = CONCAT('@', alias_domain.target_domain) AND alias.active='1' AND alias_domain.active='1'",
  ],
  virtual_mailbox_maps: [
    "SELECT maildir FROM mailbox WHERE username='%s' AND active = '1'",
    "SELECT maildir FROM mailbox,alias_domain WHERE alias_domain.alias_domain = '%d' and mailbox.username = CONCAT('%u', '@', alias_domain.target_domain) AND mailbox.active='1' AND alias_domain.active='1'",
  ],
  virtual_mailbox_domains: [
    "SELECT domain FROM domain WHERE domain='%s' AND backupmx = '0' AND active = '1' AND NOT (transport LIKE 'smtp%%' OR transport LIKE 'relay%%')",
  ],
  relay_domains: [
    "SELECT domain FROM domain WHERE domain='%s' AND active = '1' AND (backupmx = '1' OR transport LIKE 'smtp%%' OR transport LIKE 'relay%%')",
  ],
  transport_maps: [
    "SELECT REPLACE(transport, 'virtual', ':') AS transport FROM domain WHERE domain='%s' AND active = '1'",
  ],
} as const

/** The changes that the documentation names for PostgreSQL; SQLite has no CONCAT either before 3.44. */
const DIALECTS: Readonly<Record<string, (query: string) => string>> = {
  PostgreSQL: (query) =>
    withoutConcat(query).replaceAll("= '1'", "= 't'").replaceAll("='1'", "='t'").replaceAll("= '0'", "= 'f'"),
  MariaDB: (query) => query,
  SQLite: withoutConcat,
}

function withoutConcat(query: string): string {
  return query.replace(/CONCAT\(([^)]*)\)/g, (_, parts: string) => parts.replaceAll(', ', ' || '))
}

/** Undefined where Postfix asks nothing: a part that the key does not have. */
function expanded(query: string, key: string): string | undefined {
  const at = key.lastIndexOf('@')
  const parts: Record<string, string> = {
    s: key,
    u: at === -1 ? key : key.slice(0, at),
    d: at === -1 ? '' : key.slice(at + 1),
  }
  const letters = [...query.matchAll(/%([sud])/g)].map(([, letter]) => letter ?? '')
  if (letters.some((letter) => parts[letter] === '')) return undefined
  return query.replace(/%([%sud])/g, (_, letter: string) =>
    letter === '%' ? '%' : (parts[letter] ?? '').replaceAll("'", "''"),
  )
}

/** The spellings of a key in Postfix's order, and what is put back on the values. */
function spellings(parameter: keyof typeof MAPS, key: string): readonly (readonly [string, string])[] {
  const [, user = '', extension = '', domain] = /^([^+@]+)(\+[^@]+)?@(.*)$/.exec(key) ?? []
  if (domain === undefined || parameter.endsWith('_domains')) return [[key, '']]
  if (parameter === 'transport_maps')
    return [
      [key, ''],
      [domain, ''],
    ]
  const propagated = parameter === 'virtual_alias_maps' ? extension : ''
  return [
    [key, ''],
    ...(extension === '' ? [] : [[`${user}@${domain}`, propagated] as const]),
    [`@${domain}`, ''],
  ]
}

/** What Postfix finds for each key with the documented maps; undefined for nothing. */
export async function documented(
  kind: string,
  url: string,
  asked: readonly (readonly [keyof typeof MAPS, string])[],
): Promise<readonly (string | undefined)[]> {
  const dialect = DIALECTS[kind]
  if (dialect === undefined) throw new TypeError(kind)
  const plans = asked.map(([parameter, key]) =>
    spellings(parameter, key).flatMap(([spelling, extension]) =>
      MAPS[parameter].flatMap((query) => {
        const sql = expanded(dialect(query), spelling)
        return sql === undefined ? [] : [{ sql, extension }]
      }),
    ),
  )
  const statements = [...new Set(plans.flat().map(({ sql }) => sql))]
  const rows = await queried(url, statements)
  const valuesOf = new Map(statements.map((sql, index) => [sql, rows[index]]))
  return plans.map((plan) => {
    const hit = plan.find(({ sql }) => valuesOf.get(sql)?.some((value) => value !== ''))
    if (hit === undefined) return undefined
    const texts = (valuesOf.get(hit.sql) ?? []).flatMap((value) => value.split(',')).map((one) => one.trim())
    return texts
      .filter((one) => one !== '')
      .map((one) => one.replace('@', `${hit.extension}@`))
      .join(', ')
  })
}

async function queried(url: string, statements: readonly string[]): Promise<readonly (readonly string[])[]> {
  const script = `
import json, sys
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
url = make_url(sys.argv[1])
if url.host: url = url.set(password=sys.argv[2])
if url.drivername == "mariadb": url = url.set(drivername="mariadb+pymysql")
with create_engine(url).connect() as database:
    print(json.dumps([[row[0] for row in database.exec_driver_sql(sql.replace("%", "%%") if url.host else sql)] for sql in json.load(sys.stdin)]))
`
  const output = await runOk(PYTHON, ['-c', script, url, PASSWORD], { input: JSON.stringify(statements) })
  return JSON.parse(output) as string[][]
}
