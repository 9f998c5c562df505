import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import type { TSchema } from 'typebox'
import { DefinitionSchema } from '../campaign/definition.ts'
import { ProblemError } from './problems.ts'
import { publishedSchemas } from './published-schemas.ts'

const VERSION = '1.0.0'

/** Collects the routes registered after it into one OpenAPI 3.1 document. */
export async function registerOpenApi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Floodgate',
        version: VERSION,
        description:
          'A flash-sale gateway. Every POST takes an Idempotency-Key; refusals are problem documents with a stable code.',
        license: { name: 'MIT', identifier: 'MIT' }
      },
      servers: [{ url: '/' }],
      components: {
        securitySchemes: { storefront: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } }
      }
    }
  })
}

/** /openapi.json, /docs and /schemas/*. Register it last, so that it sees every route. */
export async function registerDocuments(app: FastifyInstance): Promise<void> {
  const schemas: Record<string, TSchema> = { ...publishedSchemas, 'campaign-definition.json': DefinitionSchema }
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: true })
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  app.get('/schemas/', { schema: { hide: true } }, async () => ({
    items: Object.keys(schemas).map((name) => `/schemas/${name}`)
  }))
  app.get<{ Params: { name: string } }>('/schemas/:name', { schema: { hide: true } }, async (request, reply) => {
    const { name } = request.params
    const schema = Object.hasOwn(schemas, name) ? schemas[name] : undefined
    if (schema === undefined) throw new ProblemError('NOT_FOUND')
    const document = { $schema: 'https://json-schema.org/draft/2020-12/schema', ...schema }
    return reply.type('application/schema+json; charset=utf-8').send(JSON.stringify(document))
  })
}
