/** The OpenAPI document at /openapi.json, made of the routes' schemas, and its reader at /docs. */
import swagger from '@fastify/swagger'
import { Type } from '../schema/schema.ts'
import type { App } from './app.ts'
import { type ApiDocument, docsPage } from './docs-page.ts'

const DESCRIPTION = `Looks inside a running mapgate and changes what may be changed at run time.

Errors are problem documents (RFC 9457). Reading needs the role viewer, changing the role operator. A change
needs the header \`X-Mapgate: 1\`. In a query a \`+\` is a plus sign.`

/** Call before any route is added: the document is made of the routes that follow. */
export async function describeApi(app: App, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'mapgate admin API',
        version,
        description: DESCRIPTION,
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: '/' }],
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{}, { token: [] }],
      tags: [
        { name: 'health', description: 'For what starts and watches the program.' },
        { name: 'tables', description: 'Lookup tables: look up, explain, forget.' },
        { name: 'status', description: 'What happens now, and what happened.' },
        { name: 'drills', description: 'Outages that are only tried.' },
        { name: 'settings', description: 'Configuration and log level.' },
        { name: 'page', description: 'The page for a browser, and this description.' },
      ],
    },
  })
  app.get('/docs', { config: { access: 'open' }, schema: { hide: true } }, async (_request, reply) =>
    reply.type('text/html; charset=utf-8').send(docsPage(app.swagger() as unknown as ApiDocument)),
  )
  app.get(
    '/openapi.json',
    {
      config: { access: 'open' },
      schema: {
        summary: 'This description',
        tags: ['page'],
        security: [],
        response: { 200: Type.Object({}, { additionalProperties: true }) },
      },
    },
    async (_request, reply) => reply.send(app.swagger() as unknown as Record<string, unknown>),
  )
}
