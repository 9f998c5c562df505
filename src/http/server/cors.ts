import cors from '@fastify/cors'
import type { FastifyInstance, onRequestHookHandler } from 'fastify'
import type { Config } from '../../config/config.ts'
import { listSetting } from './server.ts'

/** Pages that a developer serves from their own machine, at whatever port. */
const LOCAL_PAGES = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/

/** The origins that browsers may call from: the configured ones, else, in development, pages of this machine. */
export function allowedOrigins(config: Pick<Config, 'CORS_ORIGINS' | 'FLOODGATE_ENV'>): Array<string | RegExp> {
  const origins = listSetting(config.CORS_ORIGINS)
  return origins.length === 0 && config.FLOODGATE_ENV === 'development' ? [LOCAL_PAGES] : origins
}

/**
 * Wraps the app so that the plugin's hook runs only for requests with an origin. No others come from a page, and the hook
 * costs a tenth of a refusal. Answers that caches may keep set `Vary: origin` themselves.
 */
function forPages(app: FastifyInstance): FastifyInstance {
  const addHook = (_name: 'onRequest', ask: onRequestHookHandler) =>
    app.addHook('onRequest', function askPages(request, reply, next) {
      if (request.headers.origin === undefined) next()
      else ask.call(this, request, reply, next)
    })
  return Object.create(app, { addHook: { value: addHook } }) as FastifyInstance
}

/** Lets the pages of the allowed origins call this port. */
export function registerCors(app: FastifyInstance, config: Config): void {
  const origins = allowedOrigins(config)
  if (origins.length === 0) return
  const options = {
    origin: origins,
    methods: ['GET', 'POST'],
    allowedHeaders: [
      'authorization',
      'content-type',
      'idempotency-key',
      'floodgate-ticket',
      'accept-language',
      'if-none-match',
      'traceparent'
    ],
    exposedHeaders: ['x-request-id', 'idempotent-replayed', 'retry-after', 'etag'],
    maxAge: 600
  }
  cors(forPages(app), options, (error) => {
    if (error) throw error
  })
}
