import { readFile } from 'node:fs/promises'
import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import type { TSchema } from 'typebox'
import { DefinitionSchema } from '../../campaign/definition/document.ts'
import { streamNames } from '../../journal/subjects.ts'
import { ProblemError } from '../problems/problems.ts'
import { makeReady, type ReadyMade, sendReady } from '../wire/ready-made.ts'
import { asyncApiOf, messageSchemas } from './asyncapi.ts'
import { PAGES, readPages } from './document-pages.ts'
import { completeOperations, type Operation } from './operations.ts'
import { publishedSchemas } from './published-schemas.ts'

const VERSION = '1.0.0'

interface OpenApiOptions {
  readonly title: string
  readonly description: string
  readonly operations: Readonly<Record<string, Operation>>
  /** name of the security scheme: whose bearer tokens the routes take */
  readonly bearer: string
}

/** Collects the routes registered after it into one OpenAPI 3.1 document. */
export async function registerOpenApi(app: FastifyInstance, options: OpenApiOptions): Promise<void> {
  const { title, description, operations, bearer } = options
  await app.register(swagger, {
    transform: completeOperations(operations),
    openapi: {
      openapi: '3.1.0',
      info: {
        title,
        version: VERSION,
        description,
        license: { name: 'MIT', identifier: 'MIT' }
      },
      servers: [{ url: '/' }],
      externalDocs: { url: '/schemas/', description: 'each shape as a JSON Schema of its own' },
      components: { securitySchemes: { [bearer]: { type: 'http', scheme: 'bearer' } } }
    }
  })
}

const JSON_TYPE = 'application/json; charset=utf-8'
/** The client for storefronts, as the build joins it from src/client: one module, and its types. */
const CLIENT = { 'client.js': 'text/javascript; charset=utf-8', 'client.d.ts': 'text/plain; charset=utf-8' } as const
const CLIENT_FOLDER = new URL('../../../client/', import.meta.url)
const SCHEMA_TYPE = 'application/schema+json; charset=utf-8'

/** Makes something at the first call and returns it from then on; tries again after a failure. */
function once<Made>(make: () => Promise<Made>): () => Promise<Made> {
  let made: Promise<Made> | undefined
  return () => {
    made ??= make().catch((error) => {
      made = undefined
      throw error
    })
    return made
  }
}

/**
 * /openapi.json, /asyncapi.json, /docs, /client.js and /schemas/*, made once and then sent from memory. Register it last, so that it sees
 * every route. @param namespace of the deployment: subjects begin with it
 */
export async function registerDocuments(app: FastifyInstance, namespace: string): Promise<void> {
  const hidden = { schema: { hide: true } }
  const contract = once(() => makeReady(JSON.stringify(app.swagger()), { 'content-type': JSON_TYPE }))
  app.get('/openapi.json', hidden, async (request, reply) => sendReady(request, reply, await contract()))

  const messages = once(() =>
    makeReady(JSON.stringify(asyncApiOf(streamNames(namespace), VERSION)), { 'content-type': JSON_TYPE })
  )
  app.get('/asyncapi.json', hidden, async (request, reply) => sendReady(request, reply, await messages()))

  const pages = once(() => readPages(app.swagger()))
  for (const url of [PAGES, `${PAGES}/*`]) {
    app.get(url, hidden, async (request, reply) => {
      const [path = ''] = request.url.split('?')
      const found = (await pages()).get(path)
      if (found === undefined) throw new ProblemError('NOT_FOUND')
      return sendReady(request, reply, found)
    })
  }

  for (const [name, type] of Object.entries(CLIENT)) {
    const file = once(async () => makeReady(await readFile(new URL(name, CLIENT_FOLDER)), { 'content-type': type }))
    app.get(`/${name}`, hidden, async (request, reply) => sendReady(request, reply, await file()))
  }

  const schemas = once(readySchemas)
  app.get('/schemas/', hidden, async (request, reply) => sendReady(request, reply, (await schemas()).list))
  app.get<{ Params: { name: string } }>('/schemas/:name', hidden, async (request, reply) => {
    const found = (await schemas()).byName.get(request.params.name)
    if (found === undefined) throw new ProblemError('NOT_FOUND')
    return sendReady(request, reply, found)
  })
}

async function readySchemas(): Promise<{ list: ReadyMade; byName: Map<string, ReadyMade> }> {
  const schemas: Record<string, TSchema> = {
    ...publishedSchemas,
    ...messageSchemas,
    'campaign-definition.json': DefinitionSchema
  }
  const byName = new Map<string, ReadyMade>()
  for (const [name, schema] of Object.entries(schemas)) {
    const document = { $schema: 'https://json-schema.org/draft/2020-12/schema', ...schema }
    byName.set(name, await makeReady(JSON.stringify(document), { 'content-type': SCHEMA_TYPE }))
  }
  const items = [...byName.keys()].map((name) => `/schemas/${name}`)
  return { list: await makeReady(JSON.stringify({ items }), { 'content-type': JSON_TYPE }), byName }
}
