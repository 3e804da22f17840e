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
  readonly #unknown: ReadonlySet<string>

  /** @param unknown Names of those whose empty value says nothing, such as a recipient before there is one. */
  constructor(
    shown: Iterable<readonly [string, string]>,
    secret: Iterable<readonly [string, string]> = [],
    unknown: Iterable<string> = [],
  ) {
    this.shown = Object.fromEntries(shown)
    this.#secret = new Map(secret)
    this.#unknown = new Set(unknown)
  }

  /** One value, secret or not; undefined when the client did not say it. */
  get(name: string): string | undefined {
    return this.#secret.get(name) ?? (Object.hasOwn(this.shown, name) ? this.shown[name] : undefined)
  }

  /** The same, and undefined also for an empty value that says nothing. */
  known(name: string): string | undefined {
    return this.#unknown.has(name) ? undefined : this.get(name)
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
  /** Those that are empty for some clients or at some times. */
  readonly mayBeEmpty: readonly string[]
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
 * What the answer to these attributes is stored under: their values in order, and behind them, where some are secret, a salted
 * hash of all together, so that the same password of two users has two. JSON, so that no value can look like two.
 *
 * @returns Undefined where nothing is stored: one of the attributes is not known, and all who lack it would share an answer.
 */
export function attributeKey(
  attributes: Attributes,
  { cacheBy = [], secret, salt }: AttributeRules,
): string | undefined {
  const values: string[] = []
  for (const name of cacheBy) {
    const value = attributes.known(name)
    if (value === undefined) return undefined
    values.push(value)
  }
  if (values.length === 0) return undefined
  const shown = values.filter((_, index) => !secret.has(cacheBy[index] ?? ''))
  if (shown.length === values.length) return JSON.stringify(values)
  const hash = createHmac('sha256', salt).update(JSON.stringify(values)).digest('base64')
  return JSON.stringify([...shown, hash])
}
