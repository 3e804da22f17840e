/**
 * One page of a list or of its changes over HTTP: the request, what its head says, and its bytes as they arrive, unpacked.
 *
 * Nothing of a page is kept here, so that memory does not grow with it. Bounds hold while it arrives: the bytes that
 * come out of a decompressor count, and not those that went in.
 */
import type { Readable } from 'node:stream'
import { createBrotliDecompress, createGunzip } from 'node:zlib'
import type { Dispatcher } from 'undici'
import type { Validators } from '../../core/upstream.ts'
import type { ConnectionUse, Route, TrackedOptions } from '../http-client/connection/dispatchers.ts'
import { classifyFailure } from '../http-client/connection/failures.ts'
import type { Authorize, TokenResult } from '../http-client/oauth/access-tokens.ts'
import { OAUTH_REASONS } from '../http-client/oauth/reasons.ts'
import { HTTP_REASONS } from '../http-client/reasons.ts'
import {
  type HeaderFields,
  headerText,
  isFramed,
  isMarkup,
  mediaType,
  validatorsOf,
} from '../http-client/reply/response.ts'
import { headerBytes } from '../http-client/request/escape.ts'
import type { HttpUpstreamSettings } from '../http-client/settings.ts'
import { ListError } from './list-error.ts'
import { REPLICA_REASONS } from './reasons.ts'

/** Shortest time that a list may be silent, ms. Ours: a service may count its rows before it sends the first. */
const MIN_IDLE_MS = 30_000

/** Bytes at the beginning of a page that are looked at for what shows a web page. */
const MARKUP_BYTES = 256

/** One page, its head read. */
export interface Page {
  readonly contentType: string
  readonly validators: Validators | undefined
  /** The field `link`, RFC 8288. */
  readonly link: string | undefined
  readonly headers: HeaderFields
  /** Bytes that the head promises; undefined where it says nothing, or they are compressed. */
  readonly length: number | undefined
  readonly chunks: AsyncIterable<Buffer>
}

interface PageRequest {
  /** Which route is asked, and so what its statuses mean. */
  readonly of: 'list' | 'changes'
  /** Path and query, as they go over the wire. */
  readonly path: string
  readonly validators: Validators | undefined
  readonly signal: AbortSignal
  readonly authorize: Authorize
  /** Called with the unpacked bytes of each chunk; throws where they are too many. */
  readonly onBytes: (bytes: number) => void
}

/**
 * Asks for a page, once more with a new access token where the service refuses the first.
 *
 * @returns `unchanged` for 304 in answer to validators.
 * @throws ListError (rejects) for every failure of network and service.
 */
export async function requestPage(
  route: Route,
  settings: HttpUpstreamSettings,
  request: PageRequest,
): Promise<Page | 'unchanged'> {
  const first = tokenOf(await request.authorize(undefined))
  try {
    return await askForPage(route, settings, request, first)
  } catch (error) {
    if (first === undefined || !(error instanceof TokenRefused)) throw error
    const second = tokenOf(await request.authorize(first))
    if (second === first) throw error
    return askForPage(route, settings, request, second)
  }
}

/** 401 to an access token: another one may be taken. */
class TokenRefused extends ListError {}

function tokenOf(result: TokenResult | undefined): string | undefined {
  if (result === undefined || 'token' in result) return result?.token
  const { cause, reason } = result.failure
  throw new ListError({ cause, text: reason.replaceAll('…', '...'), advice: '' })
}

async function askForPage(
  route: Route,
  settings: HttpUpstreamSettings,
  { of, path, validators, signal, onBytes }: PageRequest,
  token: string | undefined,
): Promise<Page | 'unchanged'> {
  const use: ConnectionUse = { reused: false, broken: false, addresses: [] }
  const idleMs = Math.max(settings.timeoutMs, MIN_IDLE_MS)
  const options: TrackedOptions & { readonly signal: AbortSignal } = {
    origin: route.origin,
    path: route.pathPrefix + path,
    method: 'GET',
    headers: fields(route, settings, validators, token),
    headersTimeout: idleMs,
    bodyTimeout: idleMs,
    signal,
    use,
  }
  const reply = await route.dispatcher
    .request(options as Dispatcher.RequestOptions)
    .catch((error: unknown) => {
      throw listError(error)
    })
  const headers = reply.headers as HeaderFields
  try {
    if (reply.statusCode === 304 && validators !== undefined) {
      await reply.body.dump()
      return 'unchanged'
    }
    checkHead(reply.statusCode, headers, of, token !== undefined)
    const encoding = headerText(headers, 'content-encoding')?.trim().toLowerCase() ?? ''
    const length = Number(headers['content-length'] ?? Number.NaN)
    return {
      contentType: mediaType(headers),
      validators: validatorsOf(headers),
      link: headerText(headers, 'link'),
      headers,
      length: encoding === '' && !Number.isNaN(length) ? length : undefined,
      chunks: checked(unpacked(reply.body, encoding), onBytes),
    }
  } catch (error) {
    reply.body.on('error', () => {}).destroy()
    throw error
  }
}

function fields(
  route: Route,
  settings: HttpUpstreamSettings,
  validators: Validators | undefined,
  token: string | undefined,
) {
  const all: Record<string, string> = {
    ...route.headers,
    ...(settings.host === undefined ? {} : { host: settings.host }),
    accept: 'application/json, application/x-ndjson, text/csv, text/plain;q=0.9, */*;q=0.1',
    'user-agent': 'mapgate',
  }
  for (const [name, value] of settings.headers) all[name.toLowerCase()] = headerBytes(value)
  if (token !== undefined) all.authorization = `Bearer ${token}`
  all['accept-encoding'] = 'gzip, br'
  if (validators?.etag !== undefined) all['if-none-match'] = validators.etag
  if (validators?.lastModified !== undefined) all['if-modified-since'] = validators.lastModified
  return Object.entries(all).flat()
}

function checkHead(status: number, headers: HeaderFields, of: PageRequest['of'], hasToken: boolean): void {
  if (hasToken && (status === 401 || status === 403)) {
    const entry = OAUTH_REASONS.tokenRefused
    throw status === 401 ? new TokenRefused(entry, status) : new ListError(entry, status)
  }
  if (status === 407) throw new ListError(HTTP_REASONS.tunnelCredentials)
  if (of === 'changes') checkChangesStatus(status)
  if (status === 401 || status === 403) throw new ListError(REPLICA_REASONS.credentials, status)
  if (status !== 200) throw new ListError(REPLICA_REASONS.unexpectedStatus, status)
  const type = mediaType(headers)
  if (ERROR_TYPES.has(type)) throw new ListError(REPLICA_REASONS.errorDocument, type)
  if (/html|xml/.test(type)) throw new ListError(REPLICA_REASONS.webPage)
  // The end of the connection would be the end of the list, whatever ended it.
  if (!isFramed({ status, headers, body: EMPTY })) throw new ListError(REPLICA_REASONS.unframed)
}

/** Content types that only an error has. Source: RFC 9457 section 8; the media type registry of IANA. */
const ERROR_TYPES: ReadonlySet<string> = new Set([
  'application/problem+json',
  'application/problem+xml',
  'application/vnd.error+json',
])

/** Statuses by which a service says that it cannot answer anybody now. Others say something about the changes. */
const AWAY: ReadonlySet<number> = new Set([429, 502, 503, 504])

function checkChangesStatus(status: number): void {
  if (status === 410) throw new ListError(REPLICA_REASONS.cursorUnknown)
  if (status === 401 || status === 403) throw new ListError(REPLICA_REASONS.changesCredentials, status)
  if (AWAY.has(status)) throw new ListError(REPLICA_REASONS.changesAway, status)
  if (status !== 200) throw new ListError(REPLICA_REASONS.changesStatus, status)
}

const EMPTY = Buffer.alloc(0)

function unpacked(body: Readable, encoding: string): Readable {
  if (encoding === '' || encoding === 'identity') return body
  if (encoding !== 'gzip' && encoding !== 'br') throw new ListError(REPLICA_REASONS.listEncoding)
  const inflate = encoding === 'gzip' ? createGunzip() : createBrotliDecompress()
  // pipe() hands on no errors, and the reader of the one must hear of the other's.
  body.on('error', (error) => inflate.destroy(error))
  inflate.on('close', () => body.destroy())
  return body.pipe(inflate)
}

async function* checked(stream: Readable, onBytes: (bytes: number) => void): AsyncGenerator<Buffer> {
  let isFirst = true
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      if (isFirst && isMarkup(chunk.subarray(0, MARKUP_BYTES).toString('latin1')))
        throw new ListError(REPLICA_REASONS.webPage)
      isFirst = false
      onBytes(chunk.length)
      yield chunk
    }
  } catch (error) {
    throw listError(error)
  }
}

/** What a failure of the network or of a decompressor says; others stay what they are. */
function listError(error: unknown): unknown {
  if (error instanceof ListError || !(error instanceof Error)) return error
  const code = 'code' in error ? String(error.code) : ''
  if (/^(?:Z_|ERR__ERROR|ERR_BROTLI|ERR_PADDING|BROTLI)/.test(code) || /^ERR_.*FORMAT/.test(code))
    return new ListError(REPLICA_REASONS.notUnpacked)
  if (code === 'UND_ERR_HEADERS_TIMEOUT') return new ListError(HTTP_REASONS.noAnswerInTime)
  if (code === 'UND_ERR_BODY_TIMEOUT') return new ListError(HTTP_REASONS.incompleteInTime)
  const failure = classifyFailure(error)
  return failure === undefined
    ? error
    : new ListError({ cause: failure.cause, text: failure.reason.replaceAll('…', '...'), advice: '' })
}
