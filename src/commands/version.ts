/**
 * The version of this program, from the package it came in.
 */
import { readFileSync } from 'node:fs'

export function version(): string {
  // Two folders up both from src/commands and from dist/commands.
  const packageFile = new URL('../../package.json', import.meta.url)
  const content: unknown = JSON.parse(readFileSync(packageFile, 'utf8'))
  return typeof content === 'object' && content !== null && 'version' in content
    ? String(content.version)
    : 'unknown'
}
