/**
 * Turns the marked commands of one document into one shell session, as a reader would type it,
 * and runs it in a clone.
 *
 *   ```sh run                      commands that must work, in order
 *   ```sh skip=why-not             commands that cannot run in a test
 *   ```yaml file=mapgate.yaml      written to that file before the commands that follow
 *   ```text output                 lines that the commands before it print
 *
 * A line that ends with `&` is left running; so is one that runs a gateway, which ends the one
 * that was started so before, as Ctrl-C in the same terminal would. The session goes on when the
 * program says that it listens.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CodeBlock } from './markdown.ts'

/** The ports that documents use: the first of a row. */
const FIRST_PORT = 8464
export const PORTS = 7
/** Longest time for one document, ms; `npm ci` takes the most. */
const SESSION_TIMEOUT_MS = 150_000
const RUNS_ON = /(?:npm start|(?:mapgate|cli\.js) (?:serve|demo))(?: |$)/

const PRELUDE = `set -eu
foreground=""
# Waits until the last background program says that it listens: ready LOG
ready() {
  for _ in $(seq 600); do
    if grep -qiE 'listening|ready|ctrl-c' "$1"; then return; fi
    kill -0 $! 2>/dev/null || break
    sleep 0.05
  done
  echo "does not listen:" >&2; cat "$1" >&2; exit 1
}
`

export interface Session {
  readonly status: number | null
  /** What the commands of each block printed, in order. */
  readonly outputs: readonly string[]
  readonly stderr: string
}

export interface Place {
  /** The clone. */
  readonly folder: string
  /** The first of {@link PORTS} free ports in a row, in the place of 8464 and the following. */
  readonly firstPort: number
  readonly env: Readonly<Record<string, string | undefined>>
}

/** What a document's session consists of. */
export function steps(blocks: readonly CodeBlock[]): readonly CodeBlock[] {
  return blocks.filter(
    ({ language, mark }) =>
      (language === 'sh' && mark === 'run') || (language === 'yaml' && mark.startsWith('file=')),
  )
}

/** The ports of documents become those of the place. */
export function withPorts(text: string, firstPort: number): string {
  return text.replace(/\b84(6[4-9]|70)\b/g, (port) => String(Number(port) - FIRST_PORT + firstPort))
}

/** The shell text of one block. */
function shellText(block: CodeBlock, place: Place): string {
  const text = withPorts(block.text, place.firstPort)
  const [, file] = block.mark.split('file=')
  if (file !== undefined) return `cat >'${file}' <<'END_OF_FILE'\n${text}END_OF_FILE\n`
  const lines = text
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
  return `${lines.map((line) => shellLine(line, place.firstPort)).join('\n')}\n`
}

function shellLine(written: string, firstPort: number): string {
  // One installation and one build for the whole clone: what comes after them is done each time.
  const line = written
    .replace(/ {2,}#.*$/, '')
    .replace('npm ci && ', '')
    .replace('npm run build', '[ -e dist/cli.js ] || npm run build')
    .replace('npm start', `npm start -- --port ${firstPort}`)
  const background = /^(.*) &$/.exec(line)?.[1]
  if (background === undefined && !RUNS_ON.test(line)) return line
  const log = '"$(mktemp -p "$LOGS")"'
  const begin = `log=${log}; { ${background ?? line}; } >"$log" 2>&1 &`
  if (background !== undefined) return `${begin}\nready "$log"`
  return `if [ -n "$foreground" ]; then kill -INT -"$foreground"; wait "$foreground" || true; fi\nset -m; ${begin}\nforeground=$!; set +m\nready "$log"`
}

/** Runs the steps of one document. */
export async function runSession(blocks: readonly CodeBlock[], place: Place): Promise<Session> {
  const logs = await mkdtemp(join(tmpdir(), 'mapgate-session-'))
  const marker = (at: number) => `@@@ block ${at}`
  const texts = blocks.map((block, at) => `printf '\\n%s\\n' '${marker(at)}'\n${shellText(block, place)}`)
  const script = join(logs, 'session.sh')
  await writeFile(
    script,
    PRELUDE +
      texts.join('') +
      'trap - EXIT\nfor pid in $(jobs -p); do kill $pid 2>/dev/null || true; done\nif [ -n "$foreground" ]; then kill -INT -"$foreground" 2>/dev/null || true; fi\n',
  )
  try {
    const { status, stdout, stderr } = await bash(script, place, logs)
    const outputs = stdout.split(/^@@@ block \d+\n/m).slice(1)
    return { status, outputs, stderr }
  } finally {
    await rm(logs, { recursive: true, force: true })
  }
}

/** Runs a script in a session of its own, and ends everything that it leaves behind. */
function bash(
  script: string,
  place: Place,
  logs: string,
): Promise<{ status: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', [script], {
      cwd: place.folder,
      env: { ...process.env, ...place.env, LOGS: logs },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const [stdout, stderr]: [string[], string[]] = [[], []]
    child.stdout.on('data', (text) => stdout.push(String(text)))
    child.stderr.on('data', (text) => stderr.push(String(text)))
    const timer = setTimeout(() => endGroup(child.pid), SESSION_TIMEOUT_MS)
    child.once('error', reject)
    child.once('exit', (status) => {
      clearTimeout(timer)
      endGroup(child.pid)
      resolve({ status, stdout: stdout.join(''), stderr: stderr.join('') })
    })
  })
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
