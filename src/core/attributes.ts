/**
 * What a client says besides the key: named values, such as those of a policy request.
 *
 * Some are secret, such as a password. Those can be asked for by name and are in nothing that is
 * listed, printed or sent: no log, trace, explanation or stored answer can hold one by accident.
 */
import { createHmac } from 'node:crypto'

export class Attributes {
  /** The values that may be shown, by name. */
  readonly shown: Readonly<Record<string, string>>
  readonly #secret: ReadonlyMap<string, string>

  constructor(shown: Iterable<readonly [string, string]>, secret: Iterable<readonly [string, string]> = []) {
    this.shown = Object.fromEntries(shown)
    this.#secret = new Map(secret)
  }

  /** One value, secret or not; undefined when the client did not say it. */
  get(name: string): string | undefined {
    return this.#secret.get(name) ?? (Object.hasOwn(this.shown, name) ? this.shown[name] : undefined)
  }
}

/** A question as it is written in a configuration: values by name, the secret ones apart. */
export interface WrittenQuestion {
  readonly shown: ReadonlyMap<string, string>
  readonly secret: ReadonlyMap<string, string>
}

/** @param secretNames Of the attributes whose values are secret. */
export function writtenQuestion(
  values: ReadonlyMap<string, string>,
  secretNames: readonly string[],
): WrittenQuestion {
  const isSecret = ([name]: readonly [string, string]): boolean => secretNames.includes(name)
  const all = [...values]
  return {
    shown: new Map(all.filter((one) => !isSecret(one))),
    secret: new Map(all.filter(isSecret)),
  }
}

/** The same in words, without what is secret. */
export function questionInWords({ shown }: WrittenQuestion): string {
  return Array.from(shown, ([name, value]) => `${name}=${value}`).join(' ')
}

/** What is before the name of an attribute where a template names it: `{attribute.sender}`. */
export const ATTRIBUTE = 'attribute.'

/** Stands for all attributes that may be shown, where a list of them can be: `"{attributes}"`. */
export const ALL_ATTRIBUTES = 'attributes' as const

/** The names that the requests of a protocol may have. */
export interface AttributeNames {
  readonly shown: readonly string[]
  readonly secret: readonly string[]
}

/** How a table is asked by attributes. */
export interface AttributeRules {
  /** The attributes that decide the answer, as the administrator says; undefined: nothing is stored. */
  readonly cacheBy: readonly string[] | undefined
  /** Those among them whose values are never kept. */
  readonly secret: ReadonlySet<string>
  /** Of this process: without it nobody can try out which secret a stored hash is of. */
  readonly salt: Buffer
}

/**
 * The key that the answer to these attributes is stored under: their values in order, a secret one as its salted hash.
 * JSON, so that no value can look like two.
 */
export function attributeKey(attributes: Attributes, { cacheBy = [], secret, salt }: AttributeRules): string {
  const values = cacheBy.map((name) => {
    const value = attributes.get(name) ?? ''
    return secret.has(name) ? createHmac('sha256', salt).update(value).digest('base64') : value
  })
  return JSON.stringify(values)
}
