/** The page. Open: it holds no data, and asks for a token itself where one is needed. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from '../../schema/schema.ts'
import type { App } from '../app.ts'
import type { PageFile } from '../page-files.ts'
import { ProblemError } from '../problem.ts'
import type { RouteParts } from '../route-parts.ts'
import { problems } from '../schemas.ts'

const Html = {
  description: 'The page.',
  content: { 'text/html': { schema: Type.String() } },
}

export function addPageRoutes(app: App, { ports: { page } }: RouteParts): void {
  const config = { access: 'open' } as const
  app.get(
    '/',
    {
      config,
      schema: { summary: 'The page for a browser', tags: ['page'], security: [], response: { 200: Html } },
    },
    async (request, reply) => sendFile(request, reply, page.get('index.html')),
  )
  app.get(
    '/page/:file',
    {
      config,
      schema: {
        summary: 'A file of the page',
        tags: ['page'],
        security: [],
        params: Type.Object({ file: Type.String({ maxLength: 100 }) }),
        response: { 200: { description: 'The file.' }, ...problems(404) },
      },
    },
    async (request, reply) => sendFile(request, reply, page.get(request.params.file)),
  )
}

function sendFile(request: FastifyRequest, reply: FastifyReply, file: PageFile | undefined): FastifyReply {
  if (file === undefined) throw new ProblemError(404, 'not-found', 'the page has no such file')
  // Asked again each time, answered by 304 while it is the same: an update shows at once.
  reply.header('cache-control', 'no-cache').header('etag', file.etag)
  if (request.headers['if-none-match'] === file.etag) return reply.code(304).send()
  return reply.type(file.mediaType).send(file.body)
}
