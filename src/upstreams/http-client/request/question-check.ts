/**
 * What is wrong with a table that is asked by attributes: secrets where they would be logged, keys where there are none,
 * answers that could be taken for another.
 */

import { ATTRIBUTE, type AttributeNames } from '../../../core/attributes.ts'
import { KEY_PART_NAMES } from '../../../core/key/key-parts.ts'
import { parseTemplate, Template } from '../../../core/value/template.ts'
import { problem } from '../../../schema/problem.ts'
import type { Settings } from '../../../schema/schema.ts'
import type { Scope } from '../../../schema/scope.ts'
import { jsonPathError } from '../reply/json-path.ts'
import type { ResponseSettings } from '../settings.ts'
import type { HttpTable } from '../table-schema.ts'
import { attributesIn, textsIn } from './attribute-use.ts'
import { AUTH_HTTP } from './auth-http.ts'
import { REQUEST_JSON_NAMES } from './places.ts'
import { REQUEST_PROBLEMS } from './problems.ts'

type Table = Settings<typeof HttpTable>

/** @param tokenUpstream The upstream of the table that is asked with access tokens (`oauth`), if one is. */
export function checkQuestion(
  settings: Table,
  attributes: AttributeNames,
  tokenUpstream: string | undefined,
  scope: Scope,
): void {
  const { request, response } = settings
  for (const key of ['action', 'text', 'user'] as const) {
    const wrong = response[key] === undefined ? undefined : jsonPathError(response[key])
    if (wrong !== undefined)
      scope.error(['response', key], problem(REQUEST_PROBLEMS, 'response-not-a-path', wrong))
  }
  if (response.text !== undefined && response.action === undefined)
    scope.error(['response', 'text'], problem(REQUEST_PROBLEMS, 'response-without-action'))
  if (request === undefined || attributesIn(request).size === 0) {
    for (const key of ['action', 'user', 'foundMark', 'refused', 'refusedMark'] as const)
      if (response[key] !== undefined)
        scope.error(['response', key], problem(REQUEST_PROBLEMS, 'response-without-attributes', INSTEAD[key]))
    return
  }
  if (settings.batch !== undefined) scope.error(['batch'], problem(REQUEST_PROBLEMS, 'response-about-keys'))
  checkPlaces(request, attributes, scope.within(['request']))
  if (response.action !== undefined && response.value !== undefined)
    scope.error(['response', 'value'], problem(REQUEST_PROBLEMS, 'response-beside-action'))
  if (request.form === AUTH_HTTP) checkAuthHttp(scope)
  else checkLogin(response, tokenUpstream, scope)
  if (attributesIn(request).has('token')) checkIntrospection(response, scope)
  if (response.missing === 'notFound')
    scope.error(['response', 'missing'], problem(REQUEST_PROBLEMS, 'response-missing-with-attributes'))
  for (const key of ['format', 'separator', 'maxValues', 'idn'])
    if (scope.isWritten(['response', key]))
      scope.warning(['response', key], problem(REQUEST_PROBLEMS, 'response-without-use'))
}

/** What a key belongs to that has no meaning for tables that are asked by keys. */
const INSTEAD = {
  action: 'use "value"',
  user: 'use "value"',
  foundMark: 'remove it',
  refused: 'use "notFound"',
  refusedMark: 'use "notFoundMark"',
} as const

/** What the reply means is in its header fields. */
function checkAuthHttp(scope: Scope): void {
  for (const key of [
    'found',
    'notFound',
    'value',
    'action',
    'text',
    'user',
    'error',
    'refused',
    'refusedMark',
    'foundMark',
  ])
    if (scope.isWritten(['response', key]))
      scope.error(['response', key], problem(REQUEST_PROBLEMS, 'response-of-auth-http', AUTH_HTTP))
}

/** Statuses that may as well be about the credentials of mapgate, or of a proxy. */
const OF_CREDENTIALS = [401, 403, 407]

/** Those by which a service refuses an access token (RFC 6750 section 3.1). */
const OF_TOKENS = [401, 403]

/** Statuses that a wrong path has, too. */
const OF_PATHS = [404, 410]

/** Replies that let somebody in or refuse a password. */
function checkLogin(response: ResponseSettings, tokenUpstream: string | undefined, scope: Scope): void {
  const { user, action, value, found, notFound, refused, refusedMark } = response
  const at = (key: string) => ['response', key]
  if (user === undefined) {
    for (const key of ['refused', 'refusedMark'] as const)
      if (response[key] !== undefined)
        scope.error(at(key), problem(REQUEST_PROBLEMS, 'response-without-user'))
    return
  }
  for (const [key, other] of Object.entries({ action, value }))
    if (other !== undefined) scope.error(at(key), problem(REQUEST_PROBLEMS, 'response-beside-user'))
  if (notFound !== undefined)
    scope.error(at('notFound'), problem(REQUEST_PROBLEMS, 'response-not-found-beside-user'))
  if (refusedMark !== undefined && refused === undefined)
    scope.error(at('refusedMark'), problem(REQUEST_PROBLEMS, 'response-without-refused'))
  if (refusedMark !== undefined) return
  for (const [index, status] of (refused ?? []).entries()) {
    if (found.includes(status))
      scope.error([...at('refused'), index], problem(REQUEST_PROBLEMS, 'response-refused-and-found', status))
    else if (tokenUpstream !== undefined && OF_TOKENS.includes(status))
      scope.error(
        [...at('refused'), index],
        problem(REQUEST_PROBLEMS, 'response-refused-token', status, tokenUpstream),
      )
    else if (OF_CREDENTIALS.includes(status))
      scope.warning(
        [...at('refused'), index],
        problem(REQUEST_PROBLEMS, 'response-refused-credentials', status),
      )
    else if (OF_PATHS.includes(status))
      scope.warning([...at('refused'), index], problem(REQUEST_PROBLEMS, 'response-refused-path', status))
  }
}

/** A token of any other program is active, too (RFC 7662 section 2.2). */
function checkIntrospection({ foundMark }: ResponseSettings, scope: Scope): void {
  const path = foundMark?.jsonPath ?? ''
  if (/\bactive\b/.test(path) && !/\b(?:aud|client_id|scope)\b/.test(path))
    scope.warning(['response', 'foundMark', 'jsonPath'], problem(REQUEST_PROBLEMS, 'response-audience'))
}

function checkPlaces(
  request: NonNullable<Table['request']>,
  { secret, mayBeEmpty }: AttributeNames,
  scope: Scope,
): void {
  for (const key of ['path', 'query'] as const) {
    const shown = namesIn(request[key]).find((name) => secret.includes(name.slice(ATTRIBUTE.length)))
    if (shown !== undefined) scope.error([key], problem(REQUEST_PROBLEMS, 'request-shows-secret', shown))
  }
  // A secret one is refused already.
  const empty = segmentsOf(request.path).find((name) => mayBeEmpty.includes(name) && !secret.includes(name))
  if (empty !== undefined)
    scope.warning(['path'], problem(REQUEST_PROBLEMS, 'request-empty-segment', ATTRIBUTE + empty))
  const parts = namesIn(Object.values(request)).filter((name) => name !== 'table' && isKeyPart(name))
  if (parts[0] !== undefined)
    scope.error([], problem(REQUEST_PROBLEMS, 'request-mixes-key-and-attributes', parts[0]))
}

/** The attributes that are a whole part of the path each: with others in it, a part is never empty. */
function segmentsOf(path = ''): readonly string[] {
  return path.split('/').flatMap((segment) => /^\{attribute\.(\w+)\}$/.exec(segment)?.[1] ?? [])
}

function isKeyPart(name: string): boolean {
  return (KEY_PART_NAMES as readonly string[]).includes(name)
}

function namesIn(value: unknown): readonly string[] {
  return textsIn(value).flatMap((text) => {
    const template = parseTemplate(text, REQUEST_JSON_NAMES)
    return template instanceof Template ? [...template.names] : []
  })
}
