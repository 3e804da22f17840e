/** `reload: watch` where a part of the path to the configuration is a link. */
import { spawn } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { systemClock } from '../../../src/core/clock.ts'
import { FileWatch } from '../../../src/gateway/file-watch.ts'

/** After this a change counts as written, ms. */
const SETTLED_MS = 200

function place(): { folder: string; write: (name: string, text: string) => void } {
  const folder = mkdtempSync(join(tmpdir(), 'mapgate-links-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return { folder, write: (name, text) => writeFileSync(join(folder, name), text) }
}

/** Counts the changes that are seen. */
async function watching(file: string, readAtMs?: number): Promise<{ count: number }> {
  const seen = { count: 0 }
  const watch = new FileWatch({
    clock: systemClock,
    onChanged: () => {
      seen.count += 1
    },
    onTrouble: (folder, why) => {
      throw new Error(`${folder}: ${why}`)
    },
  })
  onTestFinished(() => watch.stop())
  await watch.follow([file], readAtMs)
  return seen
}

/** Makes a link lead elsewhere in one step, as `ln -sfn` and Kubernetes do. */
function exchange(target: string, link: string): void {
  symlinkSync(target, `${link}.new`)
  renameSync(`${link}.new`, link)
}

test('a linked file whose target is edited is seen', async () => {
  const { folder, write } = place()
  mkdirSync(join(folder, 'etc'))
  write('real.yaml', 'one')
  symlinkSync('../real.yaml', join(folder, 'etc/mapgate.yaml'))
  const seen = await watching(join(folder, 'etc/mapgate.yaml'))
  write('real.yaml', 'two!')
  await vi.waitFor(() => expect(seen.count).toBe(1), 5000)
})

test('an exchanged link to a folder is seen, each time, and what is written in the new one', async () => {
  const { folder, write } = place()
  for (const release of ['1', '2', '3']) {
    mkdirSync(join(folder, release))
    write(`${release}/mapgate.yaml`, `release ${release}`)
  }
  symlinkSync('1', join(folder, 'current'))
  const seen = await watching(join(folder, 'current/mapgate.yaml'))
  exchange('2', join(folder, 'current'))
  await vi.waitFor(() => expect(seen.count).toBe(1), 5000)
  exchange('3', join(folder, 'current'))
  await vi.waitFor(() => expect(seen.count).toBe(2), 5000)
  write('3/mapgate.yaml', 'edited in place')
  await vi.waitFor(() => expect(seen.count).toBe(3), 5000)
})

test('a ConfigMap of Kubernetes that is exchanged is seen', async () => {
  const { folder, write } = place()
  for (const version of ['..1', '..2']) {
    mkdirSync(join(folder, version))
    write(`${version}/mapgate.yaml`, version)
  }
  symlinkSync('..1', join(folder, '..data'))
  symlinkSync('..data/mapgate.yaml', join(folder, 'mapgate.yaml'))
  const seen = await watching(join(folder, 'mapgate.yaml'))
  exchange('..2', join(folder, '..data'))
  await vi.waitFor(() => expect(seen.count).toBe(1), 5000)
})

test('a folder that is removed and made anew is still seen', async () => {
  const { folder, write } = place()
  mkdirSync(join(folder, 'conf'))
  write('conf/mapgate.yaml', 'one')
  const seen = await watching(join(folder, 'conf/mapgate.yaml'))
  rmSync(join(folder, 'conf'), { recursive: true })
  mkdirSync(join(folder, 'conf'))
  write('conf/mapgate.yaml', 'two!')
  await vi.waitFor(() => expect(seen.count).toBe(1), 5000)
  write('conf/mapgate.yaml', 'three')
  await vi.waitFor(() => expect(seen.count).toBe(2), 5000)
})

test('a folder that is gone for a while is seen when it is back', async () => {
  const { folder, write } = place()
  mkdirSync(join(folder, 'a/b'), { recursive: true })
  write('a/b/mapgate.yaml', 'one')
  const seen = await watching(join(folder, 'a/b/mapgate.yaml'))
  rmSync(join(folder, 'a'), { recursive: true })
  await delay(2 * SETTLED_MS)
  mkdirSync(join(folder, 'a'))
  await delay(2 * SETTLED_MS)
  mkdirSync(join(folder, 'a/b'))
  await delay(2 * SETTLED_MS)
  write('a/b/mapgate.yaml', 'two!')
  await vi.waitFor(() => expect(seen.count).toBe(1), 5000)
})

describe('a path that becomes unusable is no change, and what comes after it is one', () => {
  const becomes: [what: string, make: (path: string) => void][] = [
    ['a circle of links', (path) => symlinkSync('conf', path)],
    ['a link to nothing', (path) => symlinkSync('nothing', path)],
    ['a file where the folder was', (path) => writeFileSync(path, '')],
  ]
  for (const [what, make] of becomes) {
    test(what, async () => {
      const { folder, write } = place()
      const conf = join(folder, 'conf')
      mkdirSync(conf)
      write('conf/mapgate.yaml', 'one')
      const seen = await watching(join(conf, 'mapgate.yaml'))
      rmSync(conf, { recursive: true })
      make(conf)
      await delay(2 * SETTLED_MS)
      expect(seen.count).toBe(0)
      rmSync(conf)
      mkdirSync(conf)
      write('conf/mapgate.yaml', 'two!')
      await vi.waitFor(() => expect(seen.count).toBe(1), 5000)
    })
  }
})

test('a folder that its owner closes ends nothing', async () => {
  const { folder, write } = place()
  mkdirSync(join(folder, 'closed'))
  write('closed/secret', 'one')
  chmodSync(folder, 0o755)
  const code = `
    import { FileWatch } from './build/gateway/file-watch.js'
    import { systemClock } from './build/core/clock.js'
    if (process.getuid() === 0) process.setuid(65534)
    const say = (text) => console.log(text)
    new FileWatch({ clock: systemClock, onChanged: () => say('changed'), onTrouble: (_, why) => say(why) }).follow(['${join(folder, 'closed/secret')}'])
    setInterval(() => {}, 1000)
    say('watching')`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code])
  onTestFinished(() => void child.kill())
  let said = ''
  child.stdout.on('data', (text) => {
    said += text
  })
  await vi.waitFor(() => expect(said).toBe('watching\n'), 5000)
  chmodSync(join(folder, 'closed'), 0)
  await delay(3 * SETTLED_MS)
  expect(child.exitCode).toBeNull()
})

test('a file that changed while it was read is read again', async () => {
  const { folder, write } = place()
  write('mapgate.yaml', 'one')
  const readAtMs = statSync(join(folder, 'mapgate.yaml')).ctimeMs
  expect((await watching(join(folder, 'mapgate.yaml'), readAtMs)).count).toBe(0)
  const seen = await watching(join(folder, 'mapgate.yaml'), readAtMs - 1)
  await vi.waitFor(() => expect(seen.count).toBe(1), 5000)
})

test('a change is seen in a folder where something changes all the time', async () => {
  const { folder, write } = place()
  write('mapgate.yaml', 'one')
  const seen = await watching(join(folder, 'mapgate.yaml'))
  const busy = setInterval(() => write('other', String(performance.now())), SETTLED_MS / 4)
  onTestFinished(() => clearInterval(busy))
  write('mapgate.yaml', 'two!')
  await vi.waitFor(() => expect(seen.count).toBe(1), 6000)
})
