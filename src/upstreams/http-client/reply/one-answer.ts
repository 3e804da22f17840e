/**
 * The reply to a question that is asked by attributes: exactly one answer, or nobody knows. Pure.
 *
 * | the service | becomes |
 * | --- | --- |
 * | a `found` status with exactly one value: `response.action` with `response.text`, `response.user`, `response.value`, or the body | found |
 * | a `notFound` status (204 unless the table says otherwise) | not found |
 * | a `found` status with an empty body, `null`, `""`, two values, a number, a list, a page | temporary |
 * | all else | as for keys |
 *
 * Nothing in a body is "not found": what such an answer means may let somebody in, and a broken page may look like it.
 */
import { temporaryFor } from '../../../core/reason.ts'
import { found, type LookupResult, type Temporary, temporary } from '../../../core/result.ts'
import { whyNoValue } from '../../../core/value/value-text.ts'
import { HTTP_REASONS } from '../reasons.ts'
import type { ResponseSettings } from '../settings.ts'
import { type BodySelectors, readBody, readJson } from './body-values.ts'
import { JsonPath } from './json-path.ts'
import type { HttpResponse } from './response.ts'
import { isPageLikeAction } from './whole-body-action.ts'

/** Where the answer is in a body. */
export interface OneAnswer {
  /** `value` is `response.user`, `response.action`, or `response.value`. */
  readonly selectors: BodySelectors
  /** What goes behind the value, where the body has it. */
  readonly text: JsonPath | undefined
  /** The whole body is the answer, and nothing shows that the service wrote it. */
  readonly isUnmarkedBody: boolean
}

/** @throws TypeError for a text that is no JSONPath: the settings were not checked. */
export function compileOneAnswer(settings: ResponseSettings): OneAnswer {
  const path = (text: string | undefined) => (text === undefined ? undefined : new JsonPath(text))
  const { user, action, value, error, text, foundMark } = settings
  return {
    selectors: { value: path(user ?? action ?? value), error: path(error), maxValues: 1, isTextOnly: true },
    text: path(text),
    isUnmarkedBody: foundMark === undefined && isWholeBody(settings),
  }
}

/** Returns whether nothing names a place of the answer in a body: `$` is all of it (RFC 9535 section 2.2). */
export function isWholeBody({
  user,
  action,
  value,
}: Pick<ResponseSettings, 'user' | 'action' | 'value'>): boolean {
  return [undefined, '$'].includes(user ?? action ?? value)
}

/** Reads the body of a `found` status. */
export function readOneAnswer(
  response: HttpResponse,
  { selectors, text, isUnmarkedBody }: OneAnswer,
): LookupResult {
  const body = readBody(response, selectors)
  switch (body.kind) {
    case 'values': {
      const [value] = body.values
      if (value === undefined || body.values.length > 1) return temporaryFor(HTTP_REASONS.notOneAnswer)
      if (isUnmarkedBody && isPageLikeAction(value)) return temporaryFor(HTTP_REASONS.pageLikeAction)
      const behind = text === undefined ? '' : readText(response, text)
      if (typeof behind !== 'string') return behind
      return found(behind === '' ? value : `${value} ${behind}`)
    }
    case 'missing':
    case 'left-out':
      return temporaryFor(HTTP_REASONS.selectsNothing)
    case 'too-many':
      return temporaryFor(HTTP_REASONS.notOneAnswer)
    case 'service-error':
      return temporaryFor(HTTP_REASONS.errorField)
    case 'unreadable':
      return temporary('unreadable', body.reason)
  }
}

/** '' where there is none. */
function readText(response: HttpResponse, path: JsonPath): string | Temporary {
  const body = readJson(response)
  if ('reason' in body) return temporary('unreadable', body.reason)
  const selected = path.select(body.json, 1)
  if (selected.kind !== 'nodes') return temporaryFor(HTTP_REASONS.notOneAnswer)
  const [text = ''] = selected.values
  if (text === null) return ''
  if (typeof text !== 'string') return temporaryFor(HTTP_REASONS.notText)
  const why = text === '' ? undefined : whyNoValue(text)
  if (why === undefined) return text
  const reason = `the service's reply ${why}`
  return temporary('unreadable', reason)
}
