/**
 * `mapgate init`: writes a commented first mapgate.yaml, and never over another one.
 */
import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { codeOrName } from '../../core/system/error-code.ts'
import { PROTOCOLS, type Protocols } from '../../protocols/registry.ts'
import { CommandError, EXIT_OK, EXIT_PERMANENT } from '../exit-codes.ts'
import type { CommandIo } from '../io.ts'

const NAME = 'mapgate.yaml'

/** Secrets may be written into it later, so others get no access. */
const MODE = 0o640

/** Runs `init`. */
export async function init(io: CommandIo): Promise<number> {
  try {
    // `wx` fails when the file is there: nothing can come between a look and the writing.
    await writeFile(resolve(io.cwd, NAME), FIRST_FILE, { flag: 'wx', mode: MODE })
  } catch (error) {
    throw new CommandError(EXIT_PERMANENT, `./${NAME} ${whyNotWritten(error)}`)
  }
  io.stdout.write(`wrote ./${NAME}; edit it, then run: mapgate check\n`)
  return EXIT_OK
}

function whyNotWritten(error: unknown): string {
  const code = codeOrName(error)
  return code === 'EEXIST'
    ? 'is already there and stays as it is; remove it first'
    : `cannot be written (${code})`
}

/**
 * The first configuration of a new installation. `examples/mapgate.yaml` is the same text; a test keeps it so, and
 * checks that it is fine.
 */
export const FIRST_FILE = `# Configuration of mapgate. Every key: docs/configuration.md.
#   mapgate check     finds every problem in this file
#   mapgate main-cf   prints the lines for Postfix's main.cf
#   mapgate serve     runs the gateway
#   mapgate schema    prints a JSON Schema, with which an editor completes and explains the keys

# Where Postfix connects.
listeners:
${firstListeners(PROTOCOLS)}

# The admin API, the page and the metrics: http://127.0.0.1:8466/
admin:
  listen: inet:127.0.0.1:8466
  # Who may change something: purge, reload, drill, confirm-loss. Without a token everybody here may look.
  # tokens:
  #   - { token: "\${file:/etc/mapgate/admin.token}", role: operator }

# The HTTP services that know the answers.
upstreams:
  directory:
    endpoints: [http://127.0.0.1:8080]     # several: in order of preference
    # headers: { authorization: "Bearer \${file:/etc/mapgate/directory-token}" }
    timeout: 2s

# What Postfix asks for, by name.
tables:
  aliases:
    usedBy: [virtual_alias_maps]
    upstream: directory
    request:
      path: /aliases/{key}                 # also {user} {domain} {table}
    response:
      value: $.goto                        # JSONPath; a list gives several values
    # As recipient_delimiter in main.cf; "" where that is empty. Without it mail to ann+new@
    # waits in an outage, and is refused where the service knows no extensions.
    recipientDelimiter: "+"
    # Outside these domains nothing is asked: the biggest saver of load.
    # domains: [example.com, .example.org]
    # A key that the service always knows. While it does not, "not found" is not believed, and
    # a broken service bounces no mail.
    canary: { key: postmaster@example.com }
    # The usual answer for a mailbox is "not found". It goes on counting in an outage for what
    # mailboxes has, else all mail would wait.
    cache:
      staleNotFound: { for: 1d, ifFoundIn: mailboxes }

  mailboxes:
    usedBy: [virtual_mailbox_maps]
    upstream: directory
    request:
      path: /mailboxes/{key}
    response:
      value: $.mailbox
    recipientDelimiter: "+"
    canary: { key: postmaster@example.com }

  domains:
    usedBy: [virtual_mailbox_domains]
    upstream: directory
    request:
      path: /domains/{key}
    response:
      value: $.name
    # Yours. Without it others' domains are asked for, too, and in an outage mail that leaves
    # for them, such as that of an alias to an address elsewhere, waits.
    # domains: [example.com]
    canary: { key: example.com }

# Answers survive a restart:
# cacheFile: /var/lib/mapgate/cache
`

/** What each protocol has for the first file, indented. */
function firstListeners(protocols: Protocols): string {
  return Array.from(protocols.values())
    .flatMap(({ firstFile }) => firstFile?.split('\n') ?? [])
    .map((line) => `  ${line}`)
    .join('\n')
}
