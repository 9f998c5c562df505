import type { FastifyInstance } from 'fastify'
import { appFiles, type BrowserApp } from '../../console/app-files.ts'
import { makeReady, sendReady } from '../wire/ready-made.ts'

/**
 * The files of an app for browsers, read once and then sent from memory; `/` leads to it. They need no token: there is nothing in them, and what the app
 * asks for needs one. Each has a route of its own, so no path leads to another file.
 */
export async function registerPages(app: FastifyInstance, pages: BrowserApp): Promise<void> {
  const hidden = { schema: { hide: true } }
  for (const [path, { body, headers }] of await appFiles(pages)) {
    const ready = await makeReady(body, headers)
    app.get(path, hidden, (request, reply) => sendReady(request, reply, ready))
  }
  app.get('/', hidden, (_request, reply) => reply.redirect(pages.base))
}

/** The console of operators, on the admin port. */
export const consoleApp: BrowserApp = {
  base: '/console',
  folder: 'console',
  title: 'Floodgate',
  packages: ['preact', 'preact/hooks', 'preact/jsx-runtime', '@preact/signals', '@preact/signals-core', 'uplot']
}

/** The demo storefront, on the public port of a development stack. */
export const shopApp: BrowserApp = {
  base: '/shop',
  folder: 'storefront',
  title: 'Shop',
  hasWorkers: true,
  packages: ['preact', 'preact/hooks', 'preact/jsx-runtime', '@preact/signals', '@preact/signals-core']
}
