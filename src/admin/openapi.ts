/** The OpenAPI document at /openapi.json, made of the routes' schemas, and its reader at /docs. */
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import { Type } from '../schema/schema.ts'
import type { App } from './app.ts'

const DESCRIPTION = `Looks inside a running mapgate and changes what may be changed at run time.

Errors are problem documents (RFC 9457). Reading needs the role viewer, changing the role operator. A change
needs the header \`X-Mapgate: 1\`. In a query a \`+\` is a plus sign.`

/** Swagger UI writes styles into the document when it shows an answer. Nothing on these pages comes from outside. */
const STYLES = "style-src 'self'"
const DOCS_STYLES = `${STYLES} 'unsafe-inline'`

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
        { name: 'health', description: 'For whoever starts and watches the program.' },
        { name: 'tables', description: 'Lookup tables: look up, explain, forget.' },
        { name: 'status', description: 'What happens now, and what happened.' },
        { name: 'settings', description: 'Configuration and log level.' },
        { name: 'page', description: 'The page for a browser, and this description.' },
      ],
    },
  })
  await app.register(async (docs) => {
    docs.addHook('onRequest', async (_request, reply) => {
      const policy = String(reply.getHeader('content-security-policy'))
      reply.header('content-security-policy', policy.replace(STYLES, DOCS_STYLES))
    })
    docs.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'open' }
    })
    await docs.register(swaggerUi, {
      routePrefix: '/docs',
      // No validator badge: it is loaded from another host.
      uiConfig: { validatorUrl: null },
      staticCSP: false,
    })
  })
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
