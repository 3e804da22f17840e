/**
 * The version of this program, from the package it came in.
 */
import { readFileSync } from 'node:fs'
import { PACKAGE_FILE } from '../gateway/package-file.ts'

export function version(): string {
  const content: unknown = JSON.parse(readFileSync(PACKAGE_FILE, 'utf8'))
  return typeof content === 'object' && content !== null && 'version' in content
    ? String(content.version)
    : 'unknown'
}
