/**
 * Reads the code blocks of the documents, so that what they show can be tried.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../packaging/run.ts'

/** One fenced block. */
export interface CodeBlock {
  /** Path of the document, from the checkout. */
  readonly file: string
  /** Line of the opening fence, from 1. */
  readonly line: number
  /** The word after the fence: `yaml`, `sh`. */
  readonly language: string
  /** What follows it, such as `run`. */
  readonly mark: string
  readonly text: string
}

/** README and everything in docs/ but the records of decisions. */
export function documents(): string[] {
  const inDocs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md') && !path.startsWith('decisions'))
    .map((path) => `docs/${path}`)
  return ['README.md', ...inDocs.sort()]
}

export function readDocument(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
}

/** Every fenced block of a document. */
export function codeBlocks(file: string): CodeBlock[] {
  const blocks: CodeBlock[] = []
  const lines = readDocument(file).split('\n')
  for (let at = 0; at < lines.length; at++) {
    const fence = /^( *)```(\w+)? *(.*)$/.exec(lines[at] ?? '')
    if (fence === null) continue
    const [, indent = '', language = '', mark = ''] = fence
    const end = lines.indexOf(`${indent}\`\`\``, at + 1)
    const text = lines
      .slice(at + 1, end)
      .map((line) => line.slice(indent.length))
      .join('\n')
    blocks.push({ file, line: at + 1, language, mark, text: `${text}\n` })
    at = end
  }
  return blocks
}

/** Every block that is a whole configuration. */
export function configurations(file: string): CodeBlock[] {
  return codeBlocks(file).filter(({ language, text }) => language === 'yaml' && /^listeners:/m.test(text))
}
