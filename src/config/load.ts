/**
 * Loads a configuration: text -> YAML -> references -> shape -> defaults -> cross-checks ->
 * the configuration that the program uses. Each step reports all it finds and leaves
 * something harmless in the place of what is wrong, so that one run tells everything. Only
 * a text that is no YAML ends it early.
 */

import { dirname, resolve } from 'node:path'
import { decode, fillDefaults } from '../schema/decode.ts'
import { problem } from '../schema/problem.ts'
import type { Schema } from '../schema/schema.ts'
import type { SettingsKinds } from '../schema/settings-kind.ts'
import { isMap, type Path, type Tree, type TreeMap } from '../schema/tree.ts'
import { buildConfig } from './build.ts'
import { checkListeners } from './checks/listeners.ts'
import { OwnFolders } from './checks/own-folders.ts'
import { PassedOn } from './checks/passed-on.ts'
import { checkCacheFile, checkFiles, checkLog, checkShared, checkSocketAccess } from './checks/program.ts'
import { checkTables } from './checks/tables.ts'
import { checkUpstreams } from './checks/upstreams.ts'
import { whyClosedTo } from './closed-file.ts'
import type { Config } from './config.ts'
import { fileSchema, inputSchema } from './config-schema.ts'
import type { CredentialFolders } from './credentials.ts'
import { readDocument, type SourceDocument } from './document.ts'
import { ConfigError, type ConfigIssue } from './issue.ts'
import { mergeDefaults } from './merge.ts'
import { type TryFolder, whyNoOwnFolder } from './own-folder.ts'
import { FILE_PROBLEMS } from './problems.ts'
import { type LookAtPath, lookAtPath, type ReadFile, textFileReader, whyUnreadable } from './read-file.ts'
import { mayBeShown, redacted, searchable, secretsIn } from './redact.ts'
import { Report } from './report.ts'
import type { FileSettings } from './schema/file.ts'
import { FileScope } from './scope.ts'
import { checkShape } from './shape.ts'
import { substitute } from './substitute.ts'
import { type ThisUser, thisUser } from './this-user.ts'
import { type TrySocket, trySocket } from './try-socket.ts'

/** One sentence about a place in the file. */
export interface Advice {
  readonly path: Path
  readonly text: string
}

/** What loading needs from outside. */
export interface LoadOptions {
  /** The protocols and kinds of upstreams that there are. */
  readonly kinds: SettingsKinds
  /** Default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Reads a text file; default reads from the disk. */
  readonly readFile?: ReadFile
  /** Looks at a path that is not read; default on the disk. */
  readonly lookAtPath?: LookAtPath
  /** Looks at a folder that files of the program are kept in; default on the disk. */
  readonly tryFolder?: TryFolder
  /** What somebody says of the whole of a configuration without problems: a warning at each path. */
  readonly advise?: (config: Config) => readonly Advice[]
  /** Who makes the sockets; default the user of this process. */
  readonly user?: ThisUser
  /** Tries a socket that requests are passed on to; default on the disk. */
  readonly trySocket?: TrySocket
  /** The file's name in messages; default the path as given. */
  readonly shownAs?: string
  /** Where credentials are when `$CREDENTIALS_DIRECTORY` does not say so; default nowhere. */
  readonly credentials?: CredentialFolders
}

/** A configuration, with what is known about its file. */
export interface LoadedConfig extends Config {
  /** The file's absolute path. */
  readonly file: string
  /** Absolute paths of the files that it names and that were read: secrets, certificates, keys. */
  readonly files: readonly string[]
  /** When the reading began, wall time, ms. */
  readonly readAtMs: number
  /** Reads a file that it names: what was read when it was checked, whatever the path leads to now. */
  readonly readFile: ReadFile
  /** Worth a thought, and no reason not to start. */
  readonly warnings: readonly ConfigIssue[]
  /** The file with all defaults filled in and every secret as `***`: what may be shown. */
  readonly redactedConfig: unknown
  /**
   * Reads every `${...}` again, in the text as it was loaded: a changed secret comes in, a
   * changed file does not.
   *
   * @throws ConfigError (rejects) when one cannot be read any more.
   */
  reloadSecrets(): Promise<LoadedConfig>
}

/**
 * Loads a configuration file.
 *
 * @param path Relative to the working directory; it is shown in messages as given.
 * @throws ConfigError (rejects) with every issue found.
 */
export async function loadConfig(path: string, options: LoadOptions): Promise<LoadedConfig> {
  const readFile = options.readFile ?? textFileReader()
  const readAtMs = Date.now()
  let text: string
  try {
    text = await readFile(resolve(path))
  } catch (error) {
    const message = `cannot be read: ${whyUnreadable(error)}`
    throw new ConfigError([{ file: options.shownAs ?? path, line: 1, column: 1, path: '', message }])
  }
  return parse(text, path, options, { readFile, readAtMs })
}

/** Loads a configuration from a text. @param fileName Shown in messages; its folder is where relative paths start. */
export function parseConfig(text: string, fileName: string, options: LoadOptions): Promise<LoadedConfig> {
  return parse(text, fileName, options, newReading(options))
}

/** How the files of one load are read, and since when. */
interface Reading {
  readonly readFile: ReadFile
  /** Wall time, ms. */
  readonly readAtMs: number
}

function newReading(options: LoadOptions): Reading {
  return { readFile: options.readFile ?? textFileReader(), readAtMs: Date.now() }
}

async function parse(
  text: string,
  fileName: string,
  options: LoadOptions,
  reading: Reading,
): Promise<LoadedConfig> {
  const document = readDocument(text)
  const report = new Report(options.shownAs ?? fileName, document)
  for (const { offset, path, message } of document.problems) report.errorAt(offset, path, message)
  if (!isMap(document.tree) && report.errors.length === 0) {
    report.error([], problem(FILE_PROBLEMS, 'file-empty'))
  }
  throwIfWrong(report)
  return interpret(document, fileName, options, reading)
}

/** Everything behind the YAML: also what is done again when secrets are read again. */
async function interpret(
  document: SourceDocument,
  fileName: string,
  options: LoadOptions,
  { readFile, readAtMs }: Reading,
): Promise<LoadedConfig> {
  const report = new Report(options.shownAs ?? fileName, document)
  const folder = dirname(resolve(fileName))
  const files = new Map<string, Promise<string>>()
  // Once each: what is used is what was checked, and a pipe has nothing left for a second reader.
  const readNamed: ReadFile = (path) => {
    const text = files.get(path) ?? readFile(path)
    files.set(path, text)
    return text
  }
  const env = options.env ?? process.env
  const { credentials, user = thisUser() } = options
  const whyClosed = (path: string) => whyClosedTo(user, path, credentials)
  const read = await substitute(document.tree, { env, readFile: readNamed, folder, credentials, whyClosed })
  for (const { path, message } of read.problems) {
    report.errorHere(path, message)
    report.markBroken(path)
  }
  for (const { path, message } of read.notes) report.warning(path, message)
  const schema = fileSchema(options.kinds)
  const tree = read.tree as TreeMap
  const mayQuote = (path: Path): boolean =>
    !read.paths.has(JSON.stringify(path)) && mayBeShown(tree, path, schema)
  const input = inputSchema(schema)
  checkShape(tree, input, report, mayQuote)
  const written = mergeDefaults(tree, schema)
  // A map in `defaults:` need not be whole, but what it becomes in a table must be.
  if (tree.defaults !== undefined) checkShape(written, input, report, mayQuote)
  const filled = fillDefaults(written, schema) as TreeMap
  const scope = new FileScope({ written, filled, report, mayQuote })
  const file = decode(filled, schema as Schema<unknown, FileSettings>, folder)
  const passedOn = new PassedOn()
  checkListeners(file, options.kinds, scope, passedOn)
  const folders = new OwnFolders()
  checkUpstreams(file, options.kinds.upstreams, scope.within(['upstreams']), folders)
  checkTables(file, options.kinds, scope, folders)
  checkLog(file.log, scope.within(['log']))
  checkShared(file.shared, scope.within(['shared']))
  await checkFiles(filled, schema, scope, { folder, readFile: readNamed, whyClosed })
  const lookAt = options.lookAtPath ?? lookAtPath
  await checkSocketAccess(file, scope, readFile, lookAt, user)
  const others = [resolve(fileName), ...files.keys(), ...socketPaths(file)]
  await checkCacheFile(file.cacheFile, scope.within(['cacheFile']), { lookAt, user }, others)
  await folders.check(options.tryFolder ?? ((path) => whyNoOwnFolder(path, user)))
  await passedOn.check(options.trySocket ?? trySocket)
  const whyOwn = await whyClosed(resolve(fileName))
  if (whyOwn !== undefined) report.warning([], whyOwn)
  throwIfWrong(report)

  const secrets = searchable([...read.secrets, ...secretsIn(filled, schema)])
  const config = buildConfig(file, options.kinds, secrets)
  for (const { path, text } of options.advise?.(config) ?? [])
    scope.warning(path, { code: 'main-cf-differs', message: text })
  return {
    ...config,
    file: resolve(fileName),
    files: [...files.keys()],
    readAtMs,
    readFile: readNamed,
    warnings: report.warnings,
    redactedConfig: withoutDefaults(
      redacted(filled, schema, {
        parts: new Set([...read.secrets, ...searchable(read.environment), ...secrets]),
        whole: read.whole,
      }),
    ),
    reloadSecrets: () => interpret(document, fileName, options, newReading(options)),
  }
}

function socketPaths({ listeners, admin }: FileSettings): readonly string[] {
  const addresses = [...listeners, ...(admin === undefined ? [] : [admin])].map(
    ({ listen }) => listen.address,
  )
  return addresses.flatMap((address) => (address.kind === 'unix' ? [address.path] : []))
}

function throwIfWrong(report: Report): void {
  report.finish()
  if (report.errors.length > 0) throw new ConfigError(report.errors, report.warnings)
}

/** `defaults:` is merged into the tables and upstreams; shown again it would only confuse. */
function withoutDefaults(shown: Tree): unknown {
  const { defaults: _, ...rest } = shown as TreeMap
  return rest
}
