/**
 * What is said of a socket of another program that cannot be asked.
 */
import { expect, test } from 'vitest'
import { whyNoSocket } from '../../../src/core/system/socket-trouble.ts'

test.each([
  [
    'EACCES',
    'user 998 may not open it (EACCES); run: setfacl -m u:998:x /queue/private, or run mapgate as the user postfix (User= of the unit)',
  ],
  ['ENOENT', 'there is no such socket (ENOENT); check the path, and whether Postfix has been started'],
  ['ECONNREFUSED', 'nobody listens there (ECONNREFUSED); start Postfix'],
  ['EPROTOTYPE', 'it cannot be connected to (EPROTOTYPE); check that it is a socket of Postfix'],
])('%s', (code, text) => {
  expect(whyNoSocket('/queue/private/proxymap', code, 998)).toBe(text)
})
