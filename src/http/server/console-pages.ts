import type { FastifyInstance } from 'fastify'
import { consoleFiles } from '../../console/app-files.ts'
import { makeReady, sendReady } from '../wire/ready-made.ts'

/** Where the console lies on the admin port. */
const CONSOLE = '/console'

/**
 * The console's files, read once and then sent from memory. They need no token: there is nothing in them, and what the console asks for needs one. Each
 * has a route of its own, so no path leads to another file.
 */
export async function consolePages(app: FastifyInstance): Promise<void> {
  for (const [path, { body, headers }] of await consoleFiles(CONSOLE)) {
    const ready = await makeReady(body, headers)
    app.get(path, { schema: { hide: true } }, (request, reply) => sendReady(request, reply, ready))
  }
  app.get('/', { schema: { hide: true } }, (_request, reply) => reply.redirect(CONSOLE))
}
