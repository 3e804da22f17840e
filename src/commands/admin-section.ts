/**
 * The `admin` section of a configuration file, as an address to ask and a token to ask with.
 */
import type { CommandIo } from './io.ts'

export async function readAdminSection(
  _config: string | undefined,
  _io: CommandIo,
): Promise<
  { readonly address: string; readonly token: string | undefined; readonly file: string } | undefined
> {
  return undefined
}
