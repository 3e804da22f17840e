/**
 * Regular expressions take a time that grows as the text does: most of them see text of strangers, and one that
 * takes the square of it would stop the event loop. Those below see only short text, or none of a stranger.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const ROOT = new URL('../../', import.meta.url).pathname

/** Why the length of what they see is bounded. */
const BOUNDED: Readonly<Record<string, string>> = {
  'src/admin/client-group.ts': 'the address of a peer',
  'src/admin/errors.ts': 'our own routes',
  'src/upstreams/http-client/reply/json-path-budget.ts': 'the configuration',
  'src/upstreams/http-client/endpoint-url.ts': 'the configuration',
  'src/upstreams/http-client/reply/response.ts': 'MAX_TYPE_LENGTH characters of a field',
  'src/observability/start-tracing.ts': 'the configuration',
  'src/observability/redaction.ts': 'JSON that we made, in which every quote has its end',
  'src/core/cache/cache-control.ts': 'sticky: it is not tried at every place',
  'src/upstreams/replica/list-pages.ts': 'sticky: it is not tried at every place',
  'src/commands/admin-target.ts': 'what the person typed',
}

/** What is repeated, and what stands behind it so that the pattern fails at the end. */
const UNITS =
  'a|A|0| |\t|\n|\r\n|"|\\|\\"|<|>|%|/|.|-|,|;|=|{|}|(|)|[|]|a.|a |-a|a/|"a|a=|&a=b|;a=b|://|a://|<a|<!--|@|a@|.a|%4|é|+|_|0.|*|~|:|a:|${|<html|-----BEGIN CERTIFICATE-----'.split(
    '|',
  )
const TAILS = ['', '!', '\n', 'x"', '@']

/** Characters of the short text; the long one has eight times as many. */
const SHORT = 2000
const TIMES = 8
/** Of the square of it, TIMES * TIMES; of it TIMES. Between them, with room for a busy machine. */
const MOST_GROWTH = 30
/** What takes less is not measured, ms. */
const TOO_SHORT_TO_TELL_MS = 2

/** A regular expression behind what may stand before one, in a line that is no comment. */
const LITERAL =
  /(?<=[(=,:[!&|?]\s?|return |^\s*)(\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\[])+\/[dgimsuvy]*)(?=[.,;)\s\]:]|$)/g

function patterns(): { readonly file: string; readonly text: string }[] {
  const files = execFileSync('git', ['ls-files', 'src/*.ts'], { cwd: ROOT, encoding: 'utf8' })
    .trim()
    .split('\n')
  return files.flatMap((file) =>
    readFileSync(ROOT + file, 'utf8')
      .split('\n')
      .filter((line) => !/^\s*(?:\*|\/\/|\/\*)/.test(line))
      .flatMap((line) => Array.from(line.matchAll(LITERAL), ([, text = '']) => ({ file, text }))),
  )
}

/** Its least time of three, ms. */
function timeMs(pattern: RegExp, text: string): number {
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < 3; round++) {
    const startMs = performance.now()
    text.replace(pattern, '')
    least = Math.min(least, performance.now() - startMs)
  }
  return least
}

function growsTooFast(text: string): string | undefined {
  const [, source = '', flags = ''] = /^\/(.*)\/([a-z]*)$/.exec(text) ?? []
  const pattern = new RegExp(source, flags.includes('g') ? flags : `${flags.replace('y', '')}g`)
  for (const unit of UNITS) {
    for (const tail of TAILS) {
      const of = (characters: number) => unit.repeat(Math.ceil(characters / unit.length)) + tail
      const isSlow = (): boolean => {
        const longMs = timeMs(pattern, of(SHORT * TIMES))
        return longMs >= TOO_SHORT_TO_TELL_MS && longMs > MOST_GROWTH * timeMs(pattern, of(SHORT))
      }
      // Again and again, since the machine may have been busy.
      if (isSlow() && isSlow() && isSlow()) return `${text} with ${JSON.stringify(unit + tail)}`
    }
  }
  return undefined
}

test('every pattern that may see long text of a stranger is linear', () => {
  const all = patterns()
  expect(all.length).toBeGreaterThan(150)
  const repeating = all.filter(({ file, text }) => BOUNDED[file] === undefined && /[*+]|\{\d+,/.test(text))
  const slow = repeating.flatMap(({ file, text }) => {
    const why = growsTooFast(text)
    return why === undefined ? [] : [`${file}: ${why}`]
  })
  expect(slow).toEqual([])
}, 120_000)
