/**
 * References in texts: `${env:NAME}`, `${file:PATH}`, `${credential:NAME}`; `$${` is a literal `${`.
 *
 * What a file or credential holds is secret; what the environment holds is secret only
 * where it is in a secret place. Reading is passed in, so that tests need no files.
 * Where credentials are: credentials.ts.
 */
import { resolve } from 'node:path'
import { MIN_HIDDEN_CHARACTERS } from '../core/settings/secret-length.ts'
import type { Path, Tree, TreeMap } from '../schema/tree.ts'
import { type CredentialFolders, findCredential } from './credentials.ts'
import { whyUnreadable } from './read-file.ts'
import { isSecretName } from './secret-names.ts'

/** Where references are read from. */
interface ReferenceSources {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Reads a whole text file; rejects with an error that has a `code` when it cannot. */
  readonly readFile: (path: string) => Promise<string>
  /** Folder that relative paths start from: the configuration file's own. */
  readonly folder: string
  /** For commands of root; the service has its own. */
  readonly credentials?: CredentialFolders | undefined
  /** Why the service cannot read a file that this user can, with what to do. */
  readonly whyClosed?: ((path: string) => Promise<string | undefined>) | undefined
}

/** A tree without references, and what was found on the way. */
interface Substituted {
  readonly tree: Tree
  /** Contents of files and credentials, and of environment variables that are called a secret. */
  readonly secrets: ReadonlySet<string>
  /** Contents of other environment variables: not shown, but no reason to search a log for them. */
  readonly environment: ReadonlySet<string>
  /** Whole texts that hold a value which is too short to be searched for: not shown at all. */
  readonly whole: ReadonlySet<string>
  /** JSON of the paths where a reference was: their values are not quoted in messages. */
  readonly paths: ReadonlySet<string>
  readonly problems: readonly { readonly path: Path; readonly message: string }[]
  /** What is right here and not yet so in the running service. */
  readonly notes: readonly { readonly path: Path; readonly message: string }[]
}

/** Most characters in a file that a reference names. Ours: keys and tokens are short. */
const MAX_SECRET_CHARACTERS = 64 * 1024

/** What a name in the environment may be. */
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

const REFERENCE = /\$\$\{|\$\{([^}]*)(\}?)/g

/** Replaces every reference in every text of a tree. The tree itself stays as it is. */
export async function substitute(tree: Tree, sources: ReferenceSources): Promise<Substituted> {
  const run = new Substitution(sources)
  const result = await run.walk(tree, [])
  return {
    tree: result,
    secrets: run.secrets,
    environment: run.environment,
    whole: run.whole,
    paths: run.paths,
    problems: run.problems,
    notes: run.notes,
  }
}

/** A reference that cannot be resolved; the message says why. */
interface Unresolved {
  readonly why: string
}

class Substitution {
  readonly secrets = new Set<string>()
  readonly environment = new Set<string>()
  readonly whole = new Set<string>()
  readonly paths = new Set<string>()
  readonly problems: { path: Path; message: string }[] = []
  readonly notes: { path: Path; message: string }[] = []
  readonly #sources: ReferenceSources
  /** Each file is read once, so that one run cannot see two versions of it. */
  readonly #files = new Map<string, Promise<string | Unresolved>>()

  constructor(sources: ReferenceSources) {
    this.#sources = sources
  }

  async walk(tree: Tree, path: Path): Promise<Tree> {
    if (typeof tree === 'string') return tree.includes('${') ? this.#replace(tree, path) : tree
    if (tree === null || typeof tree !== 'object') return tree
    if (Array.isArray(tree)) {
      const items: Tree[] = []
      for (const [index, item] of tree.entries()) items.push(await this.walk(item, [...path, index]))
      return items
    }
    const map: TreeMap = Object.create(null)
    for (const [key, value] of Object.entries(tree)) map[key] = await this.walk(value, [...path, key])
    return map
  }

  async #replace(text: string, path: Path): Promise<string> {
    let result = ''
    let end = 0
    let hasShort = false
    for (const match of text.matchAll(REFERENCE)) {
      result += text.slice(end, match.index)
      end = match.index + match[0].length
      if (match[0] === '$${') {
        result += '${'
        continue
      }
      this.paths.add(JSON.stringify(path))
      const value =
        match[2] === '}'
          ? await this.#resolve(match[1] ?? '', path)
          : { why: `has "\${" without "}"; write $\${ for a literal \${` }
      if (typeof value === 'string') {
        result += value
        hasShort ||= value.length < MIN_HIDDEN_CHARACTERS
      } else this.problems.push({ path, message: value.why })
    }
    result += text.slice(end)
    if (hasShort) this.whole.add(result)
    return result
  }

  async #resolve(reference: string, path: Path): Promise<string | Unresolved> {
    const colon = reference.indexOf(':')
    const name = reference.slice(colon + 1)
    switch (colon === -1 ? '' : reference.slice(0, colon)) {
      case 'env':
        return this.#fromEnvironment(name)
      case 'file':
        if (name === '') return { why: `has \${file:} without a path` }
        return this.#fromNamedFile(name, path)
      case 'credential':
        return this.#fromCredential(name, path)
      default:
        return {
          why: `has the unknown reference "\${${reference}}"; write \${env:NAME}, \${file:PATH} or \${credential:NAME}, or $\${ for a literal \${`,
        }
    }
  }

  #fromEnvironment(name: string): string | Unresolved {
    if (!ENV_NAME.test(name)) return { why: `"${name}" is not the name of an environment variable` }
    const value = this.#sources.env[name]
    if (value !== undefined) (isSecretName(name) ? this.secrets : this.environment).add(value)
    return value ?? { why: `the environment variable ${name} is not set; set it` }
  }

  async #fromNamedFile(name: string, at: Path): Promise<string | Unresolved> {
    const path = resolve(this.#sources.folder, name)
    const value = await this.#fromFile(path, `file ${name}`)
    const why = typeof value === 'string' ? await this.#sources.whyClosed?.(path) : undefined
    if (why !== undefined) this.notes.push({ path: at, message: `the file ${name}: ${why}` })
    return value
  }

  async #fromCredential(name: string, path: Path): Promise<string | Unresolved> {
    const found = await findCredential(name, this.#sources)
    if ('why' in found) return found
    if (found.note !== undefined) this.notes.push({ path, message: found.note })
    return this.#fromFile(found.path, `credential ${name}`)
  }

  async #fromFile(path: string, what: string): Promise<string | Unresolved> {
    let reading = this.#files.get(path)
    if (reading === undefined) {
      reading = this.#read(path, what)
      this.#files.set(path, reading)
    }
    return reading
  }

  async #read(path: string, what: string): Promise<string | Unresolved> {
    let text: string
    try {
      text = await this.#sources.readFile(path)
    } catch (error) {
      return { why: `the ${what} cannot be read: ${whyUnreadable(error)}` }
    }
    if (text.length > MAX_SECRET_CHARACTERS) {
      return { why: `the ${what} is longer than ${MAX_SECRET_CHARACTERS / 1024} KiB; it holds no secret` }
    }
    // One line end, as editors add it; more would be part of the secret.
    const value = text.replace(/\r?\n$/, '')
    if (value === '') return { why: `the ${what} is empty` }
    this.secrets.add(value)
    return value
  }
}
