/**
 * The manual pages, made from the program itself: mapgate(1) from the command line's own help,
 * mapgate.yaml(5) from the schema of the configuration. Expects `npm run build` before.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { item, page, paragraphs, roff, section, subsection, verbatim } from './roff.mjs'

/**
 * Loads the program without running it, and what it would print.
 *
 * @param {string} root The checkout.
 */
export async function loadProgram(root) {
  const { buildProgram } = await import(pathToFileURL(join(root, 'build/commands/program.js')).href)
  let printed = ''
  const out = { write: (text) => (printed += text) }
  const program = buildProgram({
    io: {
      stdin: process.stdin,
      stdout: out,
      stderr: out,
      env: {},
      cwd: root,
      terminal: undefined,
      script: 'mapgate',
    },
    finish: () => {},
  })
  const helpOf = (command) => {
    printed = ''
    command.outputHelp()
    return printed
  }
  return { program, helpOf }
}

/** mapgate(1). */
export async function commandManual(root, epoch) {
  const { program, helpOf } = await loadProgram(root)
  const commands = program.commands.map((command) =>
    subsection(`mapgate ${command.name()} ${command.usage()}`, describe(command, helpOf(command))),
  )
  const after = helpOf(program).slice(program.helpInformation().length)
  const body = [
    section('Synopsis', `.B mapgate\n.I command\n[options] [arguments]\n`),
    section('Description', paragraphs(program.description()) + sections(after)),
    section('Commands', commands.join('')),
    section(
      'Files',
      item('/etc/mapgate/mapgate.yaml', 'The configuration, see mapgate.yaml(5).') +
        item(
          '/etc/mapgate/admin.token',
          'The token that may purge and reload; made at installation of the Debian package.',
        ) +
        item('/etc/mapgate/secrets/NAME', reference('Read by systemd for `@{credential:secret_NAME}`.')) +
        item('/var/lib/mapgate/cache', 'Stored answers, with `cacheFile`.'),
    ),
    section(
      'Environment',
      item('MAPGATE_ADMIN', 'Address of the admin API: a URL, or unix:PATH.') +
        item('MAPGATE_TOKEN', 'Token for the admin API.') +
        item(
          'NOTIFY_SOCKET, LISTEN_FDS, LISTEN_FDNAMES, CREDENTIALS_DIRECTORY',
          'Set by systemd, see sd_notify(3), sd_listen_fds(3), systemd.exec(5).',
        ),
    ),
    section(
      'See also',
      `.PP\n${roff('mapgate.yaml(5), postmap(1), socketmap_table(5), tcp_table(5), postconf(5)')}\n`,
    ),
  ]
  return page(
    {
      name: 'mapgate',
      volume: 1,
      about: 'the gateway through which Postfix asks HTTP services',
      version: versionOf(root),
      epoch,
    },
    body.join(''),
  )
}

/** Text in which `@{` stands for what the configuration writes as a dollar sign and a brace. */
function reference(text) {
  return text.replaceAll('@', '$')
}

/** One command: what it does, its options, and what its help says after them. */
function describe(command, help) {
  const options = command.createHelp().visibleOptions(command)
  const lines = options.map((option) => item(option.flags, optionText(option)))
  return (
    paragraphs(command.description()) +
    lines.join('') +
    sections(help.slice(command.helpInformation().length))
  )
}

function optionText(option) {
  const byDefault =
    option.defaultValue === undefined ? '' : ` (default: ${JSON.stringify(option.defaultValue)})`
  return option.description + byDefault
}

/** The free text of a help: `Title:` with indented lines, or paragraphs. */
function sections(text) {
  return text
    .trim()
    .split(/\n\s*\n/)
    .filter((part) => part !== '')
    .map((part) => (/\n {2}/.test(part) ? verbatim(part) : paragraphs(part)))
    .join('')
}

/** mapgate.yaml(5). */
export async function configManual(root, epoch) {
  const load = (module) => import(pathToFileURL(join(root, 'build', module)).href)
  const { inputSchema, fileSchema } = await load('config/config-schema.js')
  const { SETTINGS_KINDS } = await load('gateway/load-config.js')
  const { anyKind } = await load('config/schema/kinds.js')
  const { transform } = await load('schema/node.js')
  const file = transform(fileSchema(SETTINGS_KINDS), (node) =>
    node.kinds === undefined ? node : anyKind(node),
  )
  const input = inputSchema(file)
  const groups = Object.entries(file.properties).map(([key, node]) =>
    subsection(key, keys(key, node, input.required?.includes(key) ?? false)),
  )
  const body = [
    section('Synopsis', verbatim('/etc/mapgate/mapgate.yaml')),
    section(
      'Description',
      paragraphs(
        reference(
          'A YAML 1.2 file. Unknown keys are errors. Durations are written `250ms`, `2s`, `5m`, `1h`, `1d`; sizes `64KiB`, `1MiB`.\n\nIn any text `@{env:NAME}`, `@{file:PATH}` and `@{credential:NAME}` stand for a variable of the environment, the content of a file and a credential of systemd; `@@{` is a literal `@{`. What came from a file or credential is shown as `***` everywhere.\n\n`mapgate check` finds every problem in a file, `mapgate schema` prints its JSON Schema.',
        ),
      ),
    ),
    section('Keys', groups.join('')),
    section(
      'See also',
      `.PP\n${roff('mapgate(1), postconf(5), socketmap_table(5), tcp_table(5), pgsql_table(5)')}\n`,
    ),
  ]
  return page(
    { name: 'mapgate.yaml', volume: 5, about: 'configuration of mapgate', version: versionOf(root), epoch },
    body.join(''),
  )
}

/** A key and everything below it. */
function keys(path, node, required) {
  return item(`${path}${facts(node, required)}`, node.description ?? '') + below(path, node)
}

function below(path, node) {
  const object =
    node.properties !== undefined
      ? node
      : [node.then, node.else].find((part) => part?.properties !== undefined)
  if (object?.properties !== undefined) {
    return Object.entries(object.properties)
      .map(([key, part]) =>
        keys(`${path}.${key}`, part, (object.required?.includes(key) ?? false) && part.default === undefined),
      )
      .join('')
  }
  if (node.items !== undefined) return below(`${path}[]`, node.items)
  if (typeof node.additionalProperties === 'object') return below(`${path}.NAME`, node.additionalProperties)
  return ''
}

/** Type, bounds and default, in brackets. */
function facts(node, required) {
  const parts = [typeOf(node), boundsOf(node), required ? 'required' : defaultOf(node)]
  const text = parts.filter((part) => part !== '').join(', ')
  return text === '' ? '' : ` (${text})`
}

function typeOf(node) {
  if (node.enum !== undefined) return node.enum.join(' | ')
  if (node.duration !== undefined) return 'duration'
  if (node.size !== undefined) return 'size'
  if (node.expected !== undefined) return node.expected
  return (
    { object: 'map', array: 'list', string: 'text', integer: 'whole number' }[node.type] ?? node.type ?? 'any'
  )
}

function boundsOf(node) {
  const bounds = node.duration ?? node.size ?? { min: node.minimum, max: node.maximum }
  return bounds.min === undefined || bounds.max === undefined ? '' : `${bounds.min} to ${bounds.max}`
}

function defaultOf(node) {
  if (node.defaultText !== undefined) return `default: ${node.defaultText.replaceAll('`', '')}`
  const isEmpty = typeof node.default === 'object' && Object.keys(node.default).length === 0
  return node.default === undefined || isEmpty ? '' : `default: ${JSON.stringify(node.default)}`
}

function versionOf(root) {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version
}
