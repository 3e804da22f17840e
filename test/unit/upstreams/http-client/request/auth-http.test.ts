/**
 * A login as nginx's mail proxy asks about it.
 */
import { expect, test } from 'vitest'
import { Attributes } from '../../../../../src/core/attributes.ts'
import { RequestTemplate } from '../../../../../src/upstreams/http-client/request/request-template.ts'
import { requestSettings } from '../../../../support/http/http-endpoint.ts'

const template = new RequestTemplate(
  requestSettings({ path: '/auth', form: 'auth_http', headers: new Map([['x-auth-key', 'k']]) }),
)

function fieldsFor(shown: Record<string, string>, secret: Record<string, string>) {
  const attributes = new Attributes(Object.entries(shown), Object.entries(secret))
  const request = template.build('', 't', '/v1', attributes)
  if ('suppressed' in request) throw new Error(request.suppressed)
  expect([request.method, request.path, request.body]).toEqual(['GET', '/v1/auth', undefined])
  return request.headers
}

test('a password is sent as plain, whichever mechanism brought it', () => {
  const shown = { user: 'bob@a.example', mechanism: 'LOGIN', client_address: '192.0.2.7', secured: 'yes' }
  expect(fieldsFor(shown, { password: 'geheim', token: '' })).toEqual({
    'auth-method': 'plain',
    'auth-user': 'bob@a.example',
    'auth-pass': 'geheim',
    'auth-protocol': 'smtp',
    'auth-login-attempt': '1',
    'auth-ssl': 'on',
    'client-ip': '192.0.2.7',
    'x-auth-key': 'k',
  })
})

test('a token stands in the place of the password, under the name of its mechanism', () => {
  const shown = { user: 'bob', mechanism: 'OAUTHBEARER', client_address: '::1', secured: '' }
  expect(fieldsFor(shown, { password: '', token: 't0k' })).toMatchObject({
    'auth-method': 'oauthbearer',
    'auth-pass': 't0k',
  })
  expect(fieldsFor(shown, { password: '', token: 't0k' })).not.toHaveProperty('auth-ssl')
})

test('space, percent, line ends and what is not ASCII are percent-encoded', () => {
  const fields = fieldsFor({ user: 'b ö%b', mechanism: 'PLAIN' }, { password: ' a\r\nAuth-Status: OK%é ' })
  expect(fields).toMatchObject({
    'auth-user': 'b%20%C3%B6%25b',
    'auth-pass': '%20a%0D%0AAuth-Status:%20OK%25%C3%A9%20',
  })
})
