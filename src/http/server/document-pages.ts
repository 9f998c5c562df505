import { readdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { StaticDocumentSpec } from '@fastify/swagger'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import fastify from 'fastify'
import { makeReady, type ReadyMade } from '../wire/ready-made.ts'

/** The path of the pages on which people read the contract. */
export const PAGES = '/docs'

/** files of swagger-ui that show its example contract */
const NOT_OURS = ['index.html', 'csp.json']
const KEPT_HEADERS = ['content-type', 'content-security-policy']

/**
 * The pages to read a contract, by path. They are read through an app that does not listen: swagger-ui's plugin opens a
 * file for each answer, so a client that left before the end held a descriptor.
 */
export async function readPages(document: object): Promise<Map<string, ReadyMade>> {
  const app = fastify({ logger: false })
  try {
    await app.register(swagger, {
      mode: 'static',
      specification: { document: document as StaticDocumentSpec['document'] }
    })
    await app.register(swaggerUi, { routePrefix: PAGES, staticCSP: true })
    const folder = join(dirname(createRequire(import.meta.url).resolve('@fastify/swagger-ui/package.json')), 'static')
    const files = (await readdir(folder)).filter((name) => !NOT_OURS.includes(name))
    const paths = [
      '',
      '/',
      '/json',
      '/yaml',
      '/static/swagger-initializer.js',
      ...files.map((file) => `/static/${file}`)
    ]
    const pages = new Map<string, ReadyMade>()
    for (const path of paths) {
      const answer = await app.inject(PAGES + path)
      const headers = KEPT_HEADERS.flatMap((name) => {
        const value = answer.headers[name]
        return value === undefined ? [] : [[name, String(value)] as const]
      })
      pages.set(PAGES + path, await makeReady(answer.rawPayload, Object.fromEntries(headers)))
    }
    return pages
  } finally {
    await app.close()
  }
}
