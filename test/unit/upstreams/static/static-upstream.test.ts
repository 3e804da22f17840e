import { describe, expect, test } from 'vitest'
import { Explanation } from '../../../../src/core/observed/explain.ts'
import { StaticUpstream } from '../../../../src/upstreams/static/static-upstream.ts'
import { question } from '../../../support/core/question.ts'

const entries = new Map([
  ['Postmaster@A.example', ['ops@a.example', '', 'more@a.example']],
  ['empty@a.example', []],
  ['blank@a.example', ['']],
])
describe('a static upstream', () => {
  const settings = { name: 'overrides', entries, separator: ', ', idn: 'asIs', foldCase: true } as const
  const folding = new StaticUpstream(settings)
  const exact = new StaticUpstream({ ...settings, foldCase: false })

  test('answers at once, with its values joined', () => {
    expect(folding.ask(question('postmaster@a.example'))).toStrictEqual({
      result: { kind: 'found', value: 'ops@a.example, more@a.example' },
      storable: false,
      source: 'static',
    })
  })

  test('keeps the case of its keys where the table does', () => {
    const kindOf = (key: string) => exact.ask(question(key))
    expect(
      'result' in kindOf('Postmaster@A.example') && exact.ask(question('postmaster@a.example')),
    ).toStrictEqual({
      result: { kind: 'notfound' },
      storable: false,
      source: 'static',
    })
    expect(exact.ask(question('Postmaster@A.example')).result.kind).toBe('found')
  })

  test('does not have a key without values', () => {
    expect(folding.ask(question('empty@a.example')).result.kind).toBe('notfound')
    expect(folding.ask(question('blank@a.example')).result.kind).toBe('notfound')
  })

  test('records that it was looked at', () => {
    const explanation = new Explanation()
    folding.ask(question('nobody@a.example', { explanation }))
    expect(explanation.steps).toStrictEqual([
      {
        step: 'upstream',
        kind: 'static',
        key: 'nobody@a.example',
        upstream: 'overrides',
        result: { kind: 'notfound' },
      },
    ])
  })

  test('finds either spelling of a domain, and first the entry that has it', () => {
    const either = new StaticUpstream({
      ...settings,
      entries: new Map([
        ['a@bücher.example', ['u']],
        ['b@xn--bcher-kva.example', ['a']],
        ['c@bücher.example', ['u']],
        ['c@xn--bcher-kva.example', ['a']],
        ['d@xn--bcher-kva.example', ['a']],
        ['d@bücher.example', ['u']],
      ]),
    })
    const foundFor = (key: string): string => {
      const { result } = either.ask(question(key))
      return result.kind === 'found' ? result.value : result.kind
    }
    const keys = ['a', 'b', 'c', 'd'].flatMap((user) => [
      `${user}@bücher.example`,
      `${user}@xn--bcher-kva.example`,
    ])
    expect(keys.map(foundFor)).toStrictEqual(['u', 'u', 'a', 'a', 'u', 'a', 'u', 'a'])
    expect(
      ['a@bücher.example.', 'a@xn--bcher-kva.example.', 'a@bücher.example..'].map(foundFor),
    ).toStrictEqual(['u', 'u', 'notfound'])
  })

  test('does not give a value whose domain has no A-label, where the table wants one', () => {
    const values = new Map([['a@b.example', ['c@d.example', 'x@bücher\u2024example']]])
    const upstream = new StaticUpstream({ ...settings, entries: values, idn: 'ascii' })
    expect(upstream.ask(question('a@b.example')).result).toMatchObject({
      kind: 'temporary',
      reason: 'a value has a domain that cannot be written in ASCII; see response.idn',
    })
  })

  test('gives its values as the table wants their domains, without blanks around', () => {
    const answerOf = (idn: 'asIs' | 'ascii') => {
      const values = new Map([['a@b.example', [' jürgen@bücher.example ', 'c@d.example']]])
      return new StaticUpstream({ ...settings, entries: values, idn }).ask(question('a@b.example')).result
    }
    expect(answerOf('asIs')).toStrictEqual({
      kind: 'found',
      value: 'jürgen@bücher.example, c@d.example',
    })
    expect(answerOf('ascii')).toStrictEqual({
      kind: 'found',
      value: 'jürgen@xn--bcher-kva.example, c@d.example',
    })
  })
})
