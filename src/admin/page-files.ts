/**
 * The files of the page, read into memory once at the start: a request can name one of them, and
 * never a path.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname } from 'node:path'

/** File name in the folder of the page, to its content. */
export type PageFiles = ReadonlyMap<string, PageFile>

export interface PageFile {
  readonly mediaType: string
  readonly body: Buffer
  readonly etag: string
}

/** What is served; other files are not part of the page. */
const MEDIA_TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
}

/** Stands in when there is no page: a library build without its files. */
const PLACEHOLDER = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>mapgate</title>
<h1>mapgate</h1><p>The page is not installed. The API is described at <a href="/docs">/docs</a>.</p></html>
`

function pageFile(body: Buffer, mediaType: string): PageFile {
  return { mediaType, body, etag: `"${createHash('sha256').update(body).digest('base64url')}"` }
}

export const NO_PAGE: PageFiles = new Map([
  ['index.html', pageFile(Buffer.from(PLACEHOLDER), 'text/html; charset=utf-8')],
])

/** @param folder Ends with a slash. A folder that is not there gives {@link NO_PAGE}. */
export async function loadPageFiles(folder: URL): Promise<PageFiles> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const files = new Map<string, PageFile>()
  for (const name of names) {
    const mediaType = MEDIA_TYPES[extname(name)]
    if (mediaType !== undefined) files.set(name, pageFile(await readFile(new URL(name, folder)), mediaType))
  }
  return files.has('index.html') ? files : NO_PAGE
}
