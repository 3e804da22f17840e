/**
 * The command line as a whole: names, help, usage errors.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { commandLinePage } from '../../../scripts/docs/command-line.ts'
import { buildProgram, runProgram } from '../../../src/commands/program.ts'
import { recordIo } from '../../support/gateway/command-io.ts'
import { startHttpService } from '../../support/http/http-service.ts'

function program() {
  return buildProgram({ io: recordIo(), finish: () => {} })
}

describe('docs/command-line.md', () => {
  test('is what the commands print', async () => {
    await expect(commandLinePage(program())).toMatchFileSnapshot('../../../docs/command-line.md')
  })
})

describe('the help', () => {
  for (const command of program().commands) {
    test(`of ${command.name()} has examples and exit codes, and fits 100 columns`, async () => {
      const io = recordIo()
      expect(await runProgram([command.name(), '--help'], io)).toBe(0)
      expect(io.out()).toMatch(/^Usage: mapgate /)
      expect(io.out()).toContain('\nExamples:\n  mapgate ')
      expect(io.out()).toContain('\nExit codes: 0 ')
      expect(
        Math.max(
          ...io
            .out()
            .split('\n')
            .map((line) => line.length),
        ),
      ).toBeLessThanOrEqual(100)
    })
  }

  test('names every command of the design', async () => {
    const io = recordIo()
    expect(await runProgram(['--help'], io)).toBe(0)
    for (const name of [
      'serve',
      'demo',
      'init',
      'check',
      'schema',
      'main-cf',
      'query',
      'purge',
      'confirm-loss',
      'drill',
      'reload',
      'status',
    ]) {
      expect(io.out()).toMatch(new RegExp(`^  ${name} `, 'm'))
    }
  })

  test('help query is query --help', async () => {
    const [long, short] = [recordIo(), recordIo()]
    await runProgram(['query', '--help'], long)
    expect(await runProgram(['help', 'query'], short)).toBe(0)
    expect(short.out()).toBe(long.out())
  })
})

test('--version prints the version of the package, and that of Node.js', async () => {
  const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'))
  const io = recordIo()
  expect(await runProgram(['--version'], io)).toBe(0)
  expect(io.out()).toBe(`mapgate ${manifest.version} (Node.js ${process.version.slice(1)})\n`)
})

describe('a wrong command line exits 64 and says', () => {
  const cases: [args: string[], says: string][] = [
    [[], 'Usage: mapgate'],
    [['qeury'], "mapgate: unknown command 'qeury'\n(Did you mean query?)"],
    [['query'], "mapgate: missing required argument 'table'\n(mapgate help query shows examples)"],
    [['query', 'aliases'], "missing required argument 'key'"],
    [['query', 'aliases', 'a', 'b'], 'too many arguments'],
    [['query', 'aliases', 'a', '--exlpain'], '(Did you mean --explain?)'],
    [['status', '--interval', '0'], 'Expected 0.2 to 3600 seconds.'],
    [['status', '--interval', '3601'], 'Expected 0.2 to 3600 seconds.'],
    [['demo', '--port', '65531'], 'Expected a number from 1 to 65530.'],
    [['demo', '--port', '0'], 'Expected a number from 1 to 65530.'],
    [['demo', '--port', '84x'], 'Expected a number from 1 to 65530.'],
    [['check', '--nonsense'], "unknown option '--nonsense'"],
    [['check', '--fast'], "unknown option '--fast'"],
    [['check', '--outage', '--ask'], '--ask and --outage are two questions; ask one at a time'],
    [
      ['check', '--admin', 'http://127.0.0.1:1'],
      '--admin is only for --outage; without it no gateway is asked',
    ],
    [['check', '--token-file', 'x'], '--token-file is only for --outage; without it no gateway is asked'],
    [['drill', '--for', '2h', 'd'], 'give whole seconds or minutes, at most 1h, such as 60s or 5m.'],
    [
      ['drill', '--stop', '--for', '60s', 'd'],
      "option '--stop' cannot be used with option '--for <duration>'",
    ],
    [['main-cf', '-c'], "option '-c, --config <file>' argument missing"],
    [['init', 'mapgate.yaml'], 'too many arguments'],
    [['check', 'my file.yaml'], "a configuration is named with -c: mapgate check -c 'my file.yaml'\n"],
    [
      ['main-cf', '/etc/mapgate.yml'],
      'a configuration is named with -c: mapgate main-cf -c /etc/mapgate.yml\n',
    ],
    [['schema', '--ask'], "unknown option '--ask'"],
    [['query', 'tcp:nowhere', 'k'], 'mapgate query: tcp:nowhere: expected HOST:PORT'],
    [['purge', 'aliases', '--admin', 'nonsense'], 'mapgate purge: --admin: expected http://HOST:PORT'],
  ]
  for (const [args, says] of cases) {
    test(`${args.join(' ')}: ${says}`, async () => {
      const io = recordIo()
      expect(await runProgram(args, io)).toBe(64)
      expect(io.err()).toContain(says)
      expect(io.out()).toBe('')
    })
  }
})

describe('a command gets its arguments and options', () => {
  async function gateway(body: unknown): Promise<{ url: string; urls: () => string[] }> {
    const service = await startHttpService({ onTestFinished })
    service.otherwise = { json: body }
    return { url: service.origin, urls: () => service.requests.map(({ method, url }) => `${method} ${url}`) }
  }

  test('query', async () => {
    const { url, urls } = await gateway({ result: { kind: 'found', value: 'v' } })
    const io = recordIo()
    const args = ['query', '--admin', url, '--explain', '--bypass-cache', 'aliases', '--', '-k']
    expect(await runProgram(args, io)).toBe(0)
    expect(urls()).toEqual(['GET /api/v1/tables/aliases/lookup?key=-k&explain=true&cache=bypass'])
    expect(io.out()).toBe('v\n')
  })

  test('query with an empty key', async () => {
    const { url, urls } = await gateway({ result: { kind: 'notfound' } })
    expect(await runProgram(['query', '--admin', url, 'aliases', ''], recordIo())).toBe(1)
    expect(urls()).toEqual(['GET /api/v1/tables/aliases/lookup?key='])
  })

  test('purge', async () => {
    const { url, urls } = await gateway({ removed: 0 })
    expect(await runProgram(['purge', '--admin', url, 'aliases', '@x.example'], recordIo())).toBe(0)
    expect(urls()).toEqual(['DELETE /api/v1/tables/aliases/cache?domain=x.example'])
  })

  test('reload', async () => {
    const { url, urls } = await gateway({ changes: [], warnings: [] })
    expect(await runProgram(['reload', '--admin', url], recordIo())).toBe(0)
    expect(urls()).toEqual(['POST /api/v1/reload'])
  })

  test('status', async () => {
    const { url } = await gateway({})
    expect(await runProgram(['status', '--admin', url], recordIo())).toBe(69)
  })

  test('schema', async () => {
    const io = recordIo()
    expect(await runProgram(['schema'], io)).toBe(0)
    expect(JSON.parse(io.out())).toMatchObject({ type: 'object' })
  })

  test('check and main-cf', async () => {
    const file = new URL('../../../examples/demo.yaml', import.meta.url).pathname
    const check = recordIo({ cwd: '/' })
    expect(await runProgram(['check', '-c', file], check)).toBe(0)
    expect(check.err()).toBe('')
    const mainCf = recordIo({ cwd: '/' })
    expect(await runProgram(['main-cf', '--config', file], mainCf)).toBe(0)
    expect(mainCf.out()).toContain('virtual_alias_maps = socketmap:inet:127.0.0.1:8464:aliases\n')
  })

  test('init', async () => {
    const io = recordIo({ cwd: '/nonexistent' })
    expect(await runProgram(['init'], io)).toBe(77)
    expect(io.err()).toContain('mapgate init: ')
  })

  test('serve without any configuration exits 78 and says how to get one', async () => {
    const io = recordIo()
    expect(await runProgram(['serve', '-c', '/nonexistent/mapgate.yaml'], io)).toBe(78)
    expect(io.err()).toContain('/nonexistent/mapgate.yaml')
  })
})
