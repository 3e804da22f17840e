import { execFileSync } from 'node:child_process'
import {
  closeSync,
  constants,
  fstatSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Logging, openLogging } from '../../../src/observability/logging.ts'
import { Redactor } from '../../../src/observability/redaction.ts'
import { testLog } from '../../support/admin/test-log.ts'

const OPTIONS = { level: 'info', keys: 'plain', hashKey: 'hash-key', redactor: new Redactor() } as const

/** A pipe that nobody reads: it takes 64 KiB and then no more. */
function stalledPipe(flags: number): number {
  const folder = mkdtempSync(join(tmpdir(), 'mapgate-pipe-'))
  const path = join(folder, 'pipe')
  execFileSync('mkfifo', [path])
  const fd = openSync(path, constants.O_RDWR | flags)
  onTestFinished(async () => {
    // Lets a write that the system holds come to its end, so that its thread is free again.
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    for (let quiet = 0; quiet < 3; ) {
      quiet = drain(reader) ? 0 : quiet + 1
      await sleep(5)
    }
    closeSync(reader)
    rmSync(folder, { recursive: true })
  })
  return fd
}

function drain(fd: number): boolean {
  try {
    return readSync(fd, Buffer.alloc(1024 * 1024)) > 0
  } catch {
    return false // EAGAIN: empty
  }
}

describe('Logging', () => {
  test('writes one JSON object per line, with level and time', async () => {
    const log = await testLog(onTestFinished)
    log.logging.logger.info({ event: 'listener', listener: 'a' }, 'listening')
    const [line] = await log.lines()
    expect(line).toMatchObject({ level: 'info', event: 'listener', listener: 'a', msg: 'listening' })
    expect(line?.time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  })

  test('follows a level that changes at run time', async () => {
    const log = await testLog(onTestFinished, { level: 'info' })
    log.logging.logger.debug('before')
    log.logging.level = 'debug'
    log.logging.logger.debug('after')
    expect(log.logging.level).toBe('debug')
    expect((await log.lines()).map(({ msg }) => msg)).toEqual(['after'])
  })

  test('takes over level and key style of a reloaded configuration', async () => {
    const { logging } = await testLog(onTestFinished, { level: 'info', keys: 'plain' })
    expect([logging.debugs, logging.renderKey('bob')]).toEqual([false, 'bob'])
    logging.reconfigure({ level: 'debug', keys: 'none', hashKey: '' })
    expect([logging.debugs, logging.renderKey('bob')]).toEqual([true, undefined])
  })

  test('never writes a secret: not in a message, a field, an error or a stack', async () => {
    const redactor = new Redactor(['s3cret-token'])
    const log = await testLog(onTestFinished, { redactor })
    const { logger } = log.logging
    logger.info({ header: 'Bearer s3cret-token', deep: { list: ['s3cret-token'] } }, 'sent s3cret-token')
    logger.error({ err: new Error('refused s3cret-token') }, 'failed')
    logger.child({ token: 's3cret-token' }).info('child')
    const text = JSON.stringify(await log.lines())
    expect(text).not.toContain('s3cret-token')
    expect(text).toContain('refused ***')
  })

  for (const [name, flags] of [
    ['blocks', 0],
    ['answers EAGAIN', constants.O_NONBLOCK],
  ] as const) {
    test(`a pipe that nobody reads and that ${name} stops nothing; lines are dropped and counted`, async () => {
      const fd = stalledPipe(flags)
      const logging = new Logging({ ...OPTIONS, fd, maxWaitingLength: 100_000 }, undefined)
      const startMs = performance.now()
      for (let n = 0; n < 5000; n++) logging.logger.info({ n, pad: 'x'.repeat(100) }, 'line')
      expect(performance.now() - startMs).toBeLessThan(5000)
      // 5000 lines of more than 150 characters; the pipe and the buffer hold a quarter of them at most.
      expect(logging.droppedLines).toBeGreaterThan(3500)
      await logging.close(20)
    })
  }

  test('a log that is closed while nobody reads it writes into no other file that gets its descriptor', async () => {
    const fd = stalledPipe(constants.O_NONBLOCK)
    const logging = new Logging({ ...OPTIONS, fd, maxWaitingLength: 100_000 }, undefined)
    for (let n = 0; n < 1000; n++) logging.logger.info({ n, pad: 'x'.repeat(100) }, 'line')
    await logging.close(20)
    const folder = mkdtempSync(join(tmpdir(), 'mapgate-other-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const others = Array.from({ length: 20 }, (_, n) => openSync(join(folder, String(n)), 'w'))
    await sleep(250) // longer than until a write is tried again
    expect(others.map((other) => fstatSync(other).size)).toEqual(Array.from(others, () => 0))
    for (const other of others) closeSync(other)
  })

  test('a full disk costs the lines that do not fit, and is reported', async () => {
    const reasons = new Set<string>()
    const onDropped = (why: string) => reasons.add(why)
    const logging = new Logging({ ...OPTIONS, fd: openSync('/dev/full', 'w'), onDropped }, undefined)
    for (let n = 0; n < 7; n++) logging.logger.info({ n }, 'line')
    await logging.close()
    expect(logging.droppedLines).toBe(7)
    expect([...reasons]).toEqual(['it cannot be written (ENOSPC)'])
  })

  test('a line after the end is dropped and counted', async () => {
    const logging = new Logging({ ...OPTIONS, fd: openSync('/dev/null', 'w') }, undefined)
    await logging.close()
    logging.logger.info('late')
    expect(logging.droppedLines).toBe(1)
  })

  test('writes readable lines where a terminal reads them', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mapgate-log-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const path = join(folder, 'log')
    const logging = openLogging({ ...OPTIONS, fd: openSync(path, 'a'), pretty: true })
    logging.logger.info({ listener: 'a' }, 'listening')
    await logging.close()
    const text = readFileSync(path, 'utf8')
    expect(text).toContain('listening')
    expect(text).not.toMatch(/^\{/)
  })

  test('writes JSON where no terminal reads it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mapgate-log-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const path = join(folder, 'log')
    const logging = openLogging({ ...OPTIONS, fd: openSync(path, 'a') })
    logging.logger.info('listening')
    await logging.close()
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ msg: 'listening' })
  })
})
