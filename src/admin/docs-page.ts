/**
 * The OpenAPI document as a page at /docs: every route with what it takes and how it answers. Plain HTML
 * without a script, so that it needs no exception in the Content-Security-Policy and no package.
 */

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly description?: string
}

interface Operation {
  readonly summary?: string
  readonly description?: string
  readonly tags?: readonly string[]
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: unknown
  readonly responses: Readonly<Record<string, { readonly description: string }>>
}

/** The part of an OpenAPI document that the page shows. */
export interface ApiDocument {
  readonly info: { readonly title: string; readonly version: string; readonly description?: string }
  readonly tags?: readonly { readonly name: string; readonly description?: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

export function docsPage({ info, tags = [], paths }: ApiDocument): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
  const sections = tags.map(({ name, description = '' }) => {
    const own = operations.filter(({ operation }) => operation.tags?.includes(name))
    const shown = own.map(({ path, method, operation }) => operationHtml(method, path, operation))
    return `<section><h2>${escaped(name)}</h2><p>${escaped(description)}</p>${shown.join('\n')}</section>`
  })
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(info.title)}</title>
<link rel="icon" href="/page/icon.svg"><link rel="stylesheet" href="/page/theme.css"><link rel="stylesheet" href="/page/docs.css"></head>
<body><main><h1>${escaped(info.title)} ${escaped(info.version)}</h1>
<p>${escaped(info.description ?? '')}</p>
<p><a href="/">Page</a> · <a href="/openapi.json">OpenAPI document</a></p>
${sections.join('\n')}
</main></body></html>
`
}

function operationHtml(method: string, path: string, operation: Operation): string {
  const { summary = '', description = '', parameters = [], requestBody, responses } = operation
  const takes = parameters.map(
    ({ name, in: place, required = false, description: text = '' }) =>
      `<li><code>${escaped(name)}</code> in the ${escaped(place)}${required ? ', required' : ''}${text === '' ? '' : `: ${escaped(text)}`}</li>`,
  )
  if (requestBody !== undefined) {
    takes.push(`<li>body: <pre>${escaped(JSON.stringify(requestBody, undefined, 2))}</pre></li>`)
  }
  const answers = Object.entries(responses).map(
    ([status, { description: text }]) => `<li><code>${escaped(status)}</code> ${escaped(text)}</li>`,
  )
  return `<details class="operation"><summary><code>${escaped(method.toUpperCase())} ${escaped(path)}</code> ${escaped(summary)}</summary>
<p>${escaped(description)}</p>${takes.length === 0 ? '' : `<h3>Takes</h3><ul>${takes.join('')}</ul>`}<h3>Answers</h3><ul>${answers.join('')}</ul></details>`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
}
