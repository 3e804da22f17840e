/**
 * A file that root can read and the service cannot: why, and what to do about it.
 */
import { basename, dirname } from 'node:path'
import { type CredentialFolders, PREFIX } from './credentials.ts'
import type { ThisUser } from './this-user.ts'

/** @returns Undefined where the service can read it, or nobody knows. */
export async function whyClosedTo(
  user: ThisUser,
  path: string,
  credentials: CredentialFolders | undefined,
): Promise<string | undefined> {
  const why = await user.whyUnreadable?.(path)
  if (why === undefined) return undefined
  const remedy =
    dirname(path) === credentials?.secrets
      ? `write \${credential:${PREFIX}${basename(path)}} in its place, which systemd gives to it (and restart mapgate)`
      : why.folder === undefined
        ? `run: chgrp mapgate ${path}; chmod 0640 ${path}`
        : `move the file to /etc/mapgate, or open the folder to the group mapgate`
  return `${user.runsAs}, which ${why.may}; ${remedy}`
}
