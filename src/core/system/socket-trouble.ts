/**
 * Why a unix socket of another program cannot be asked, and what to do about it.
 *
 * Source: connect(2), path_resolution(7), acl(5).
 */

/**
 * @param code Of the failed connect(2).
 * @param user Number of the user that connects; undefined on a system without.
 * @returns The end of a sentence.
 */
export function whyNoSocket(path: string, code: string, user = process.getuid?.()): string {
  switch (code) {
    case 'EACCES':
      return `user ${user} may not open it (EACCES); run: setfacl -m u:${user}:x ${path.slice(0, path.lastIndexOf('/'))}, or run mapgate as the user postfix (User= of the unit)`
    case 'ENOENT':
      return 'there is no such socket (ENOENT); check the path, and whether Postfix has been started'
    case 'ECONNREFUSED':
      return 'nobody listens there (ECONNREFUSED); start Postfix'
    default:
      return `it cannot be connected to (${code}); check that it is a socket of Postfix`
  }
}
