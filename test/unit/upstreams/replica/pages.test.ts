/**
 * From page to page of a list: within one origin, and never in a circle.
 */
import { describe, expect, test } from 'vitest'
import { nextLink, Pages } from '../../../../src/upstreams/replica/list-pages.ts'

describe('the next page', () => {
  test('is asked for by its path and query', () => {
    const pages = new Pages('http://d.example:8080', '/v1/users?size=2')
    expect(pages.next('?size=2&page=2')).toBe('/v1/users?size=2&page=2')
    expect(pages.next('/v1/users?page=3')).toBe('/v1/users?page=3')
    expect(pages.next('http://d.example:8080/v1/users?page=4')).toBe('/v1/users?page=4')
    expect(pages.next(null)).toBeUndefined()
  })

  for (const address of [
    'http://evil.example:8080/v1',
    'https://d.example:8080/v1',
    'http://d.example/v1',
    '//evil.example/',
    'http://',
    17,
  ]) {
    test(`is not ${JSON.stringify(address)}`, () => {
      const pages = new Pages('http://d.example:8080', '/v1')
      expect(() => pages.next(address)).toThrow(
        'the next page of the list is at another origin, or is not a URL',
      )
    })
  }

  test('is not one that was read before', () => {
    const pages = new Pages('http://d.example', '/a')
    expect(pages.next('/b')).toBe('/b')
    expect(() => pages.next('/a')).toThrow('the pages of the list lead back to an earlier one')
  })
})

describe('the header field link', () => {
  for (const [field, expected] of [
    ['</p2>; rel="next"', '/p2'],
    ['</p1>; rel=prev, </p3>; rel=next', '/p3'],
    ['</p3>; title="a, b; rel=\\"next\\""; rel="last next"', '/p3'],
    ['</p2,3>;rel=next;', '/p2,3'],
    ['</p3>; rel="last"', undefined],
    ['</p3>; title="rel=next"', undefined],
    ['</p2>; ; rel="next"', '/p2'],
    [', </p1>; rel=prev,, </p2>; REL = Next ,', '/p2'],
    ["</p2>; title*=UTF-8''n%20x; rel=next", '/p2'],
    ['</style.css>; as=style', undefined],
    ['<https://a.example/>; rel="https://api.a.example/", </p2>; rel=next', '/p2'],
    ['</p9>; rel=next; anchor="#part", </p2>; rel=next', '/p2'],
    ['</p9>; rel=next; anchor="/other"', undefined],
    ['</p2>; rel=next; anchor=""', '/p2'],
    ['</p2>; rel=next; anchor="?p=1"', '/p2'],
    ['</p2>; rel=prev; rel=next', undefined],
    ['', undefined],
    [undefined, undefined],
  ] as const) {
    test(`${field} has ${expected} as the next page`, () => {
      expect(nextLink(field, 'http://a.example/list?p=1')).toBe(expected)
    })
  }

  for (const [field, named] of [
    ['nonsense', 'nonsense'],
    ['/p2; rel="next"', '/p2; rel="next"'],
    ["</p2>; rel='next'", "</p2>; rel='next'"],
    ['</p1>; rel=prev, </p2> rel=next', '</p2> rel=next'],
    ['</p2>; rel="next', '</p2>; rel="next'],
    ['</p2; rel=next', '</p2; rel=next'],
    ['</p2>; rel=""', '</p2>; rel=""'],
    ['</p2>; rel=next</p3>', '</p2>; rel=next</p3>'],
  ] as const) {
    test(`${field} cannot be read, and is not taken for that of the last page`, () => {
      expect(() => nextLink(field, 'http://a.example/list')).toThrow(
        `the header field Link of the list cannot be read: ${named}`,
      )
    })
  }
})
