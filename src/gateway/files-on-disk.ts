/**
 * Looks at files by their paths, and at the folders and links on the way to them.
 *
 * A path may be out of reach, or lead in a circle, at any moment: then there is nothing there. A call on a dead network mount never
 * returns, and holds one of the few threads that Node.js has for files and names (UV_THREADPOOL_SIZE, 4): so one call is made at a time.
 */
import { type BigIntStats, promises } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** What is asked of the disk. */
export interface DiskCalls {
  stat(path: string, options: { readonly bigint: true }): Promise<BigIntStats>
  lstat(path: string, options: { readonly bigint: true }): Promise<BigIntStats>
  readlink(path: string): Promise<string>
}

interface FileOnDisk {
  /** Differs when the content may: the file itself, its size, its times. '' when there is none. */
  readonly identity: string
  /** When it, or a link on the way to it, was changed last, wall time, ms; 0 when there is none. */
  readonly changedAtMs: number
}

export interface FilesOnDisk {
  readonly files: ReadonlyMap<string, FileOnDisk>
  /** Which folders are on the way to them, and which ones they are: one of the same path that was made again is another. */
  readonly folders: ReadonlyMap<string, string>
}

/** Most links on the way to a file. Source: Linux, path_resolution(7). */
const MAX_LINKS = 40

export class Disk {
  readonly #calls: DiskCalls
  /** What was asked for last. */
  path = ''

  constructor(calls: DiskCalls = promises) {
    this.#calls = calls
  }

  async look(paths: readonly string[]): Promise<FilesOnDisk> {
    const files = new Map<string, FileOnDisk>()
    const folders = new Map<string, string>()
    for (const path of paths) {
      const way = await this.#way(path)
      for (const folder of way.folders) folders.set(folder, await this.#folderIdentity(folder))
      const stats = await this.#stat(path)
      files.set(path, {
        identity: identityOf(stats),
        changedAtMs: Math.max(way.changedAtMs, stats === undefined ? 0 : changedAtMs(stats)),
      })
    }
    return { files, folders }
  }

  /** The folder of each link on the way to a file, and that of the file itself; when one of the links was changed last. */
  async #way(file: string): Promise<{ folders: ReadonlySet<string>; changedAtMs: number }> {
    const folders = new Set<string>()
    let path = file
    let lastMs = 0
    for (let links = 0; links < MAX_LINKS; links++) {
      const link = await this.#firstLink(path)
      if (link === undefined) break
      lastMs = Math.max(lastMs, link.changedAtMs)
      folders.add(dirname(link.path))
      const target = await this.#ask(link.path, () => this.#calls.readlink(link.path))
      if (target === undefined) break
      path = resolve(dirname(link.path), target, path.slice(link.path.length + 1))
    }
    return { folders: folders.add(await this.#nearestFolder(dirname(path))), changedAtMs: lastMs }
  }

  /** The folder, or the nearest one above it that is there. */
  async #nearestFolder(path: string): Promise<string> {
    let folder = path
    while (folder !== '/' && (await this.#folderIdentity(folder)) === '') folder = dirname(folder)
    return folder
  }

  /** The shortest leading part of an absolute path that is a link. */
  async #firstLink(path: string): Promise<{ path: string; changedAtMs: number } | undefined> {
    for (let end = path.indexOf('/', 1); end !== -1; end = path.indexOf('/', end + 1)) {
      const link = await this.#link(path.slice(0, end))
      if (link !== undefined) return link
    }
    return this.#link(path)
  }

  async #link(path: string): Promise<{ path: string; changedAtMs: number } | undefined> {
    const stats = await this.#ask(path, () => this.#calls.lstat(path, { bigint: true }))
    return stats?.isSymbolicLink() === true ? { path, changedAtMs: changedAtMs(stats) } : undefined
  }

  /** Which folder a path leads to. '' when there is none. */
  async #folderIdentity(path: string): Promise<string> {
    const stats = await this.#stat(path)
    return stats?.isDirectory() !== true ? '' : [stats.dev, stats.ino, stats.birthtimeNs].join(' ')
  }

  #stat(path: string): Promise<BigIntStats | undefined> {
    return this.#ask(path, () => this.#calls.stat(path, { bigint: true }))
  }

  /** Gone, out of reach, or a circle of links: looked at again with the next change. */
  async #ask<T>(path: string, call: () => Promise<T>): Promise<T | undefined> {
    this.path = path
    try {
      return await call()
    } catch (error) {
      if (error instanceof Error && 'syscall' in error) return undefined
      throw error
    }
  }
}

function identityOf(stats: BigIntStats | undefined): string {
  return stats === undefined ? '' : [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(' ')
}

function changedAtMs({ ctimeNs }: BigIntStats): number {
  return Number(ctimeNs) / 1e6
}
