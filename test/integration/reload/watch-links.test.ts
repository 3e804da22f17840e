/** `reload: watch` where a part of the path to the configuration is a link. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { systemClock } from '../../../src/core/clock.ts'
import { FileWatch } from '../../../src/gateway/file-watch.ts'

function place(): { folder: string; write: (name: string, text: string) => void } {
  const folder = mkdtempSync(join(tmpdir(), 'mapgate-links-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return { folder, write: (name, text) => writeFileSync(join(folder, name), text) }
}

/** Counts the changes that are seen. */
function watching(file: string): { count: number } {
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
  watch.follow([file])
  onTestFinished(() => watch.stop())
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
  const seen = watching(join(folder, 'etc/mapgate.yaml'))
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
  const seen = watching(join(folder, 'current/mapgate.yaml'))
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
  const seen = watching(join(folder, 'mapgate.yaml'))
  exchange('..2', join(folder, '..data'))
  await vi.waitFor(() => expect(seen.count).toBe(1), 5000)
})

test('a folder that is removed and made anew is still seen', async () => {
  const { folder, write } = place()
  mkdirSync(join(folder, 'conf'))
  write('conf/mapgate.yaml', 'one')
  const seen = watching(join(folder, 'conf/mapgate.yaml'))
  rmSync(join(folder, 'conf'), { recursive: true })
  mkdirSync(join(folder, 'conf'))
  write('conf/mapgate.yaml', 'two!')
  await vi.waitFor(() => expect(seen.count).toBe(1), 5000)
  write('conf/mapgate.yaml', 'three')
  await vi.waitFor(() => expect(seen.count).toBe(2), 5000)
})
