/**
 * The certificates and keys that an upstream names as files.
 */
import type { UpstreamParts } from '../../kind.ts'
import type { TlsSettings } from '../settings.ts'

/**
 * @param settings With the paths of the files.
 * @returns With their content. Rejects for a file that cannot be read.
 */
export async function readTls(
  tls: TlsSettings | undefined,
  readFile: UpstreamParts['readFile'],
): Promise<TlsSettings | undefined> {
  if (tls === undefined) return undefined
  const read = (path: string | undefined) => (path === undefined ? undefined : readFile(path))
  const [ca, cert, key] = await Promise.all([read(tls.ca), read(tls.cert), read(tls.key)])
  return { ca, cert, key, serverName: tls.serverName }
}

const FILES = [
  ['ca', 'the authorities'],
  ['cert', 'the client certificate'],
  ['key', 'the key'],
] as const

/** Settings as they are written, and with the content of their files. */
interface WrittenAndRead {
  readonly named: TlsSettings | undefined
  readonly read: TlsSettings | undefined
}

/** What changed in the content of files whose names are the same. */
export function changedTlsFiles(before: WrittenAndRead, after: WrittenAndRead): readonly string[] {
  return FILES.filter(
    ([name]) => before.named?.[name] === after.named?.[name] && before.read?.[name] !== after.read?.[name],
  ).map(([name, what]) => `${what} in tls.${name}`)
}
