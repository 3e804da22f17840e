/**
 * The pictures of the documents: each is shown by one with a description in words, and can be read on a light and on a dark page.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

const DOCS = new URL('../../docs/', import.meta.url)
const read = (name: string) => readFileSync(new URL(name, DOCS), 'utf8')
const pages = readdirSync(DOCS).filter((name) => name.endsWith('.md'))
const pictures = readdirSync(new URL('pictures/', DOCS))

test('there are those of how fast it is, where mapgate stands, the life of an answer, and the page', () => {
  expect(pictures.sort()).toEqual([
    'how-fast.svg',
    'life-of-an-answer.svg',
    'the-page.svg',
    'where-mapgate-stands.svg',
  ])
})

describe.each(pictures)('%s', (name) => {
  const text = read(`pictures/${name}`)

  test('is shown by a page, with its content in words', () => {
    const shown = pages.flatMap((page) =>
      Array.from(read(page).matchAll(/!\[([^\]]+)\]\(pictures\/([\w.-]+)\)/g)).filter(
        ([, , file]) => file === name,
      ),
    )
    expect(shown).toHaveLength(1)
    expect(shown[0]?.[1]?.length).toBeGreaterThan(100)
  })

  test('has a title, a size, and colours for a dark page', () => {
    expect(text).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 \d+ \d+" role="img"/)
    expect(text).toMatch(/<title id="title">[^<]+<\/title>/)
    const [light = '', dark = ''] = text.split('@media (prefers-color-scheme: dark)')
    const classes = (css: string) => Array.from(css.matchAll(/^ +(\.?\w+) \{/gm), ([, selector]) => selector)
    expect(classes(dark)).toEqual(classes(light))
    // A colour that stands at an element would be the same on both.
    expect(text.split('</style>')[1]).not.toMatch(/(?:fill|stroke)="#/)
  })

  test('asks nobody for anything', () => {
    expect(text.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|<script|<image|@import/)
  })
})

test('the picture of the page has the words of the page', () => {
  const page = ['index.html', 'view-figures.ts', 'view-plots.ts', 'verdict.ts']
    .map((name) => readFileSync(new URL(`../../src/admin/page/${name}`, import.meta.url), 'utf8'))
    .join('\n')
  const words = Array.from(
    read('pictures/the-page.svg').matchAll(/<text[^>]*>([^<]+)</g),
    ([, text = '']) => text,
  )
  const titles = words.filter(
    (text) => /^[A-Z]/.test(text) && !text.startsWith('Further') && text !== 'Show everything',
  )
  expect(titles.filter((title) => !page.includes(title))).toEqual([])
  expect(titles.length).toBeGreaterThan(18)
})

test('the example services in Python send a reply without waiting for an acknowledgement', () => {
  for (const name of ['service.py', 'sql/service.py']) {
    const service = readFileSync(new URL(`../../examples/services/${name}`, import.meta.url), 'utf8')
    expect(service).toMatch(
      /^class \w+\(BaseHTTPRequestHandler\):(?:\n {4}.*|\n)*?\n {4}disable_nagle_algorithm = True/m,
    )
  }
})
