import { describe, expect, test } from 'vitest'
import { RequestTemplate } from '../../../../../src/upstreams/http-client/request/request-template.ts'
import { requestSettings } from '../../../../support/http/http-endpoint.ts'

/** The path that is asked for, undefined when nothing is. */
const ask = (path: string, key: string): string | undefined => {
  const request = new RequestTemplate(requestSettings({ path })).build(key, 'aliases', '')
  return 'path' in request ? request.path : undefined
}

describe('a key that a proxy may read as another path is not asked', () => {
  test.each([
    ['..'],
    ['../../internal/export'],
    ['..?x'],
    ['x/..?y'],
    ['..#x'],
    ['..%3fx'],
    ['a/../b@c.example'],
    ['a/./b@c.example'],
    ['a/..'],
    ['./a@b.example'],
    ['..\\..\\internal'],
    ['a\\..\\b@c.example'],
    ['%2e%2e'],
    ['%2E%2E/internal'],
    ['..%2finternal'],
    ['..%5cinternal'],
    ['%252e%252e%252finternal'],
    ['%25252e%25252e%25252finternal'],
    ['..;/internal'],
    ['..;x=y/internal'],
    ['a/.;/b@c.example'],
    ['%c0%ae%c0%ae%c0%afinternal'],
    ['..%c1%9cinternal'],
    ['%e0%80%ae./internal'],
    ['%u002e%u002e%u002finternal'],
    ['．．／internal'],
    ['‥/internal'],
    ['․․/internal'],
    ['..%00/internal'],
    ['.%09./internal'],
    ['..%20/internal'],
    ['.. /internal'],
    ['//..//internal'],
    ['%uff0e%uff0e%uff0fx'],
    ['..%u2215x'],
    ['..\u2215x'],
    ['..\u2044x'],
    ['..%u2216x'],
    ['..\u00a5x'],
    ['。。/x'],
    ['%f8%80%80%80%ae%f8%80%80%80%ae/x'],
    ['%fc%80%80%80%80%ae./x'],
    ['..%f8%80%80%80%afx'],
    ['%c0%2e%c0%2e/x'],
    ['%252525252525252e%252525252525252e/x'],
    [`%${'25'.repeat(500)}2e./x`],
    ['%%32%65%%32%65/x'],
    ['%25%2532e./x'],
    ['..\u200b/x'],
    ['.\u00ad./x'],
    ['\ufeff../x'],
    ['.\u2060./x'],
    ['..%e2%80%8b/x'],
    ['..%0b/x'],
    ['..%0d%0aHost: x/y'],
    ['..%00.png/x'],
    ['.%00./x'],
    ['..%ff/x'],
    ['..%09;x/y'],
    ['..\\x/..%5cy'],
    ['..\u3000/x'],
    ['.. x/y'],
    ['/'],
    ['//'],
    ['\\'],
    ['%2f'],
    ['?x'],
    ['?x@b.example'],
    ['%3fx'],
    ['/?x'],
    ['#x'],
    ['#'],
    [';x'],
    [' '],
    ['\u200b'],
  ])('%j', (key) => {
    expect(ask('/aliases/{key}', key)).toBeUndefined()
    expect(ask('/aliases/{key}/goto', key)).toBeUndefined()
  })

  test.each([
    ['/a/{user}', '..@b.example'],
    ['/a/{user}', 'x/..@b.example'],
    ['/a/{domain}', 'x@../internal'],
    ['/a/{domain}', 'x@b.example/..'],
    ['/a/{domain1}', 'x@b.%2e%2e%2finternal'],
    ['/a/{domain2}', 'x@%2e%2e%2finternal.example'],
    ['/a/.{user}', '.@b.example'],
    ['/a/.{user}', '%2e/internal@b.example'],
    ['/a/x{user}', '/../internal@b.example'],
    ['/a/{user}/{domain}', 'x@../internal'],
    ['/a%2F{user}', '..@b.example'],
  ])('in the path %j: %j', (path, key) => {
    expect(ask(path, key)).toBeUndefined()
  })
})

describe('a key with a separator where no local part is, is not asked', () => {
  test.each([
    ['x/members'],
    ['x\\members'],
    ['example.com/members'],
    ['ann@example.com/members'],
    ['a/b@example.com/members'],
    ['@example.com/members'],
    ['x%2fmembers'],
    ['x%5Cmembers'],
    ['x%252fmembers'],
    ['x／members'],
    ['x\u2215members'],
    ['x%c0%afmembers'],
    ['192.0.2.0/24'],
  ])('%j', (key) => {
    expect(ask('/aliases/{key}', key)).toBeUndefined()
    expect(new RequestTemplate(requestSettings({ path: '/{key}' })).build(key, 'aliases', '')).toEqual({
      suppressed: 'the key has a "/" or "\\" outside of a local part, which a proxy may read as another path',
    })
  })

  test.each([
    ['/a/{domain}', 'ann@example.com/members'],
    ['/a/{domain1}', 'ann@example.com/members'],
    ['/a/{user}', 'x/members'],
  ])('in the path %j: %j', (path, key) => {
    expect(ask(path, key)).toBeUndefined()
  })

  test('but is asked where it stands in a query', () => {
    const build = new RequestTemplate(requestSettings({ path: '/a', query: new Map([['k', '{key}']]) }))
    expect(build.build('192.0.2.0/24', 'aliases', '')).toMatchObject({ path: '/a?k=192.0.2.0%2F24' })
  })
})

describe('a key that no proxy can read so is asked as it is', () => {
  test.each([
    ['info@b.example', '/a/info%40b.example'],
    ['...', '/a/...'],
    ['a..b@c.example', '/a/a..b%40c.example'],
    ['..a@b.example', '/a/..a%40b.example'],
    ['/g=jo/s=doe/@gateway.example', '/a/%2Fg%3Djo%2Fs%3Ddoe%2F%40gateway.example'],
    ['50%@b.example', '/a/50%25%40b.example'],
    ['a%b@c.example', '/a/a%25b%40c.example'],
    ['a%2fb@c.example', '/a/a%252fb%40c.example'],
    ['jürgen@bücher.example', '/a/j%C3%BCrgen%40b%C3%BCcher.example'],
    ['a;b@c.example', '/a/a%3Bb%40c.example'],
    ['.example.com', '/a/.example.com'],
    ['#x@c.example', '/a/%23x%40c.example'],
    ['x?y@c.example', '/a/x%3Fy%40c.example'],
    ['who..am.i@c.example', '/a/who..am.i%40c.example'],
    ['*', '/a/%2A'],
    ['<>', '/a/%3C%3E'],
    ['@c.example', '/a/%40c.example'],
    ['2001:db8::1', '/a/2001%3Adb8%3A%3A1'],
    ['"a b"@c.example', '/a/%22a%20b%22%40c.example'],
    ['a\u200b.@c.example', '/a/a%E2%80%8B.%40c.example'],
    ['192.168.1', '/a/192.168.1'],
  ])('%j', (key, path) => {
    expect(ask('/a/{key}', key)).toBe(path)
  })

  test('also where it stands in a query, a header or a body', () => {
    const build = new RequestTemplate(requestSettings({ path: '/a', query: new Map([['k', '{key}']]) }))
    expect(build.build('../../internal', 'aliases', '')).toMatchObject({ path: '/a?k=..%2F..%2Finternal' })
  })
})

test('the longest key is looked at in time', () => {
  const key = `${'%25'.repeat(3_300)}/..`
  expect(ask('/a/{key}', key)).toBeUndefined()
  expect(ask('/a/{key}', '%25'.repeat(3_300))).toBeTypeOf('string')
})
