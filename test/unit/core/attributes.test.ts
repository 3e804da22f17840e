/**
 * What clients say besides a key, and the key that its answer is stored under.
 */
import { describe, expect, test } from 'vitest'
import { Attributes, attributeKey } from '../../../src/core/attributes.ts'

const SALT = Buffer.from('salt')
const said = new Attributes([['user', 'bob']], [['password', 'geheim']])

describe('attributes', () => {
  test('a secret one is there by its name, and in nothing that is printed', () => {
    expect(said.get('password')).toBe('geheim')
    expect(JSON.stringify(said)).toBe('{"shown":{"user":"bob"}}')
    expect(said.get('constructor')).toBeUndefined()
  })
})

describe('the key of an answer', () => {
  const rules = (cacheBy: string[], secret: string[] = []) => ({
    cacheBy,
    secret: new Set(secret),
    salt: SALT,
  })

  test('is made of the values in order, so that none looks like two', () => {
    const odd = new Attributes([
      ['a', 'x","y'],
      ['b', ''],
    ])
    expect(attributeKey(odd, rules(['a', 'b']))).toBe('["x\\",\\"y",""]')
  })

  test.each([
    ['that the client did not say', ['user', 'absent']],
    ['that is empty and says nothing', ['user', 'instance']],
  ])('there is none where one of them is a value %s', (_what, cacheBy) => {
    const lacking = new Attributes(
      [
        ['user', 'bob'],
        ['instance', ''],
      ],
      [],
      ['instance'],
    )
    expect(attributeKey(lacking, rules(cacheBy))).toBeUndefined()
    expect(attributeKey(lacking, rules(['user']))).toBe('["bob"]')
  })

  test('has a salted hash in the place of a secret value, and never the value', () => {
    const key = attributeKey(said, rules(['user', 'password'], ['password']))
    expect(key).toMatch(/^\["bob","[A-Za-z0-9+/]{43}="\]$/)
    expect(key).not.toContain('geheim')
    const other = new Attributes([['user', 'bob']], [['password', 'geheim2']])
    expect(attributeKey(other, rules(['user', 'password'], ['password']))).not.toBe(key)
    const salted = { ...rules(['user', 'password'], ['password']), salt: Buffer.from('other') }
    expect(attributeKey(said, salted)).not.toBe(key)
  })

  test('two users with one password have two hashes', () => {
    const hashOf = (user: string) => {
      const attributes = new Attributes([['user', user]], [['password', 'geheim']])
      const [, hash] = JSON.parse(attributeKey(attributes, rules(['user', 'password'], ['password'])) ?? '')
      return hash
    }
    expect(hashOf('bob')).toBe(hashOf('bob'))
    expect(hashOf('bob')).not.toBe(hashOf('ann'))
  })
})
