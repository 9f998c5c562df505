import { randomUUID } from 'node:crypto'
import { createServer as createHttpServer } from 'node:http'
import { isIP, type Socket } from 'node:net'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Config } from '../../config/config.ts'
import { ConfigError } from '../../config/config-error.ts'
import { unstorableTexts } from '../../store/connection/storable-text.ts'
import { ProblemError, problemBody, sendProblem } from '../problems/problems.ts'
import { closesConnections } from '../running/drain.ts'
import { GUARDED } from '../wire/answer-headers.ts'
import { inTurn } from './in-turn.ts'

interface ServerOptions {
  readonly bodyLimitBytes: number
  /** size of the largest token */
  readonly tokenBytes: number
  /** how long an idle connection stays open */
  readonly keepAliveMs: number
  /** networks whose X-Forwarded-For counts */
  readonly proxies: readonly string[]
  /** within this time a whole request must have arrived; 15 s if absent */
  readonly requestTimeoutMs?: number
  /** is called first with each request, in the hot path */
  readonly begins?: ((request: FastifyRequest, reply: FastifyReply) => void) | undefined
}

const REQUEST_TIMEOUT_MS = 15_000
const CONNECTION_TIMEOUT_MS = 60_000
const HEADERS_TIMEOUT_MS = 10_000
/** headers beside the token */
const OTHER_HEADERS_BYTES = 16 * 1024
const REQUESTS_PER_SOCKET = 100_000
const ERRORS_MAX = 50
const UNSTORABLE = 'holds the character U+0000 or half of a surrogate pair, which cannot be stored'
/** a user's name of 255 bytes, each of them percent-encoded */
const LONGEST_PARAMETER = 3 * 255

/** A comma-separated setting as a list. */
export function listSetting(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

/**
 * A Fastify server with the limits, names and refusals that both ports share.
 * Fastify's own logging stays off: a child logger and two listeners per request would cost a tenth of a refusal.
 */
export function createServer(options: ServerOptions): FastifyInstance {
  const { bodyLimitBytes, tokenBytes, keepAliveMs, proxies, requestTimeoutMs, begins } = options
  const app = fastify({
    logger: false,
    // files of the apps are compressed at the start, and a busy machine is no reason to die then
    pluginTimeout: 0,
    // counted numbers would show everybody how many requests there are
    genReqId: () => randomUUID(),
    bodyLimit: bodyLimitBytes,
    trustProxy: proxies.length > 0 ? [...proxies] : false,
    serverFactory(listener) {
      const server = createHttpServer(
        {
          maxHeaderSize: OTHER_HEADERS_BYTES + tokenBytes,
          headersTimeout: HEADERS_TIMEOUT_MS,
          requestTimeout: requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
          keepAliveTimeout: keepAliveMs
        },
        inTurn(listener)
      )
      server.maxRequestsPerSocket = REQUESTS_PER_SOCKET
      return server.setTimeout(CONNECTION_TIMEOUT_MS)
    },
    routerOptions: { maxParamLength: LONGEST_PARAMETER },
    return503OnClosing: false,
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: (_error, request, reply) => {
      reply.headers(GUARDED).header('x-request-id', request.id)
      sendProblem(request as FastifyRequest, reply as FastifyReply, { code: 'NOT_FOUND' })
    },
    ajv: {
      customOptions: {
        allErrors: true,
        allowUnionTypes: true,
        coerceTypes: false,
        removeAdditional: false,
        useDefaults: false
      }
    }
  })
  takeEmptyBodies(app)
  app.decorateRequest('claims', null)
  app.decorateRequest('idempotencyKey', null)
  app.decorateRequest('answers', null)
  app.decorateRequest('refusals', null)
  app.decorateRequest('found', null)
  app.decorateRequest('span', null)
  app.addHook('onRequest', (request, reply, done) => {
    request.body = {}
    begins?.(request, reply)
    reply.headers(GUARDED).header('x-request-id', request.id)
    if (closesConnections()) reply.header('connection', 'close')
    done(request.url.includes('%') ? unstorable(request.query, request.params) : undefined)
  })
  return app
}

/**
 * Refuses texts that Postgres cannot store, before anything is done. JSON can hold them only as escapes, a path only as
 * %-escapes: without escapes there is nothing to check, and a purchase has none.
 * @returns the refusal, undefined for nothing
 */
function unstorable(...values: readonly unknown[]): ProblemError | undefined {
  const found = values.flatMap((value) => unstorableTexts(value))
  if (found.length === 0) return undefined
  const errors = found.slice(0, ERRORS_MAX).map((pointer) => ({ pointer, detail: UNSTORABLE }))
  return new ProblemError('VALIDATION', { errors })
}

/**
 * An empty body counts as `{}`, whatever its content type: for a request without a body Fastify parses nothing, so the body
 * that the first hook set stays. Any other body has to be JSON.
 */
function takeEmptyBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') return done(null, {})
    if (!body.includes('\\u')) return void parse(request, body, done)
    return void parse(request, body, (error, value) => done(error ?? unstorable(value) ?? null, value))
  })
  app.addContentTypeParser<string>('*', { parseAs: 'string' }, (_request, body, done) => {
    if (body === '') done(null, {})
    else done(new ProblemError('UNSUPPORTED_MEDIA_TYPE'))
  })
}

const PROXY_NAMES = ['loopback', 'linklocal', 'uniquelocal']

/** The networks of TRUSTED_PROXIES. @throws ConfigError naming each entry that is no address, network or name of networks */
export function trustedProxies(config: Config): string[] {
  const networks = listSetting(config.TRUSTED_PROXIES)
  const wrong = networks.filter((network) => {
    const [address = '', length, more] = network.split('/')
    const bits = isIP(address) === 4 ? 32 : isIP(address) === 6 ? 128 : -1
    const fits = length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= bits)
    return !PROXY_NAMES.includes(network) && (bits < 0 || !fits || more !== undefined)
  })
  if (wrong.length === 0) return networks
  throw new ConfigError(
    `TRUSTED_PROXIES names ${wrong.join(', ')}, which is no address or network. Use for instance 10.0.0.0/8,192.168.1.1.`
  )
}

/** Adds headers that limit what browsers let a page do to the routes of this scope. */
export function protectAnswers(app: FastifyInstance): void {
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers({ 'x-frame-options': 'DENY', 'referrer-policy': 'no-referrer' })
    done()
  })
}

/** Input that is not HTTP never becomes a request: it gets one fixed answer, and the connection ends. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy()
    return
  }
  const requestId = randomUUID()
  const body = problemBody({
    code: 'VALIDATION',
    members: {
      errors: [{ pointer: '', detail: 'This is not a readable HTTP request, or its headers are too large.' }]
    },
    requestId,
    language: 'en'
  })
  const headers = {
    ...GUARDED,
    'content-type': 'application/problem+json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
    'x-request-id': requestId
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 400 Bad Request\r\n${lines.join('')}\r\n${body}`)
}
