/**
 * What a body means that was not sent as JSON, where nothing selects a part of it. Pure.
 *
 * Many services send JSON as text/plain or without a type, and a broken one sends its markup or the word of its
 * programming language for "nothing". None of these is a value that a mail system could mean: taken as one, mail is
 * accepted for addresses that are not there, and goes astray.
 *
 * | a text such as | is |
 * | --- | --- |
 * | `["a@b.example"]`, `"a@b.example"` | read as JSON |
 * | `null`, `[]`, `""`, `{...}`, `true`, `undefined`, `<b>`, JSON that was cut off | unreadable: nobody knows what is meant |
 * | `[mail.example]:587`, `"john doe"@b.example`, `"\|/usr/bin/command"`, `5000` | itself: a next hop, an address, a command, a number |
 */

import type { ReasonEntry } from '../../../core/reason.ts'
import { whyNoMeaning } from '../../../core/value/failure-text.ts'
import { HTTP_REASONS } from '../reasons.ts'
import { type JsonDocument, parseJson } from './json-document.ts'
import { isMarkup } from './response.ts'

/** How a plain text is to be read. */
type PlainText =
  | { readonly kind: 'text' }
  | { readonly kind: 'json'; readonly document: JsonDocument }
  | { readonly kind: 'unusable'; readonly reason: string }

const TEXT: PlainText = { kind: 'text' }

/** A command, a file or an included list, as aliases(5) writes them. */
export const QUOTED_COMMAND = /^"(?:\||\/|:include:)/

/** A JSON text, whole or cut off: no value of Postfix begins like this. */
const JSON_START = /^\s*(?:\{|\[\s*(?:["[{\]]|$))/

/** @param text Without its last line end. */
export function readPlainText(text: string): PlainText {
  if (whyNoMeaning(text.trim()) === 'word') return unusable(HTTP_REASONS.programWord)
  if (isMarkup(text)) return unusable(HTTP_REASONS.markup)
  const start = text.trimStart().charAt(0)
  if ((start !== '[' && start !== '{' && start !== '"') || QUOTED_COMMAND.test(text)) return TEXT
  const document = parseJson(text)
  if (document !== undefined) return { kind: 'json', document }
  if (JSON_START.test(text) || /^\s*"[^"]*$/.test(text)) return unusable(HTTP_REASONS.brokenJson)
  return TEXT
}

function unusable({ text }: ReasonEntry<'unreadable'>): PlainText {
  return { kind: 'unusable', reason: text }
}
