import { createHash, type Hash } from 'node:crypto'
import { pipeline, type Readable, Transform } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import { ProblemError } from '../problems/problems.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** hash of the part of an upload that was read so far */
    uploadHash: Hash | null
  }
}

const TYPES = ['text/plain', 'text/csv', 'application/csv']

/** The routes of this scope take text or CSV of any length as a stream, and nothing else. */
export function takeUploads(app: FastifyInstance): void {
  app.decorateRequest('uploadHash', null)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(TYPES, (request, payload, done) => {
    const hash = createHash('sha256')
    request.uploadHash = hash
    const body = new Transform({
      transform(chunk: Buffer, _encoding, next) {
        hash.update(chunk)
        next(null, chunk)
      }
    })
    // ignored here: the reader of the body gets the error
    pipeline(payload, body, () => {})
    done(null, body)
  })
  app.addHook('onRequest', requireUpload)
}

function requireUpload(request: FastifyRequest, _reply: FastifyReply, done: HookHandlerDoneFunction): void {
  const [type = ''] = (request.headers['content-type'] ?? '').split(';')
  if (TYPES.includes(type.trim().toLowerCase())) done()
  else done(new ProblemError('UNSUPPORTED_MEDIA_TYPE', {}, 'Send the body as text/csv or text/plain.'))
}

/** The body of an upload. */
export function uploadOf(request: FastifyRequest): Readable {
  return request.body as Readable
}

/** SHA-256 of a whole upload; reads the rest of it first. May be called once only. */
export async function digestOf(request: FastifyRequest): Promise<string | null> {
  const body = uploadOf(request)
  if (!body.readableEnded) for await (const _ of body);
  return request.uploadHash?.digest('base64url') ?? null
}

const SHOWN_MAX = 100

/** Lines of an upload that were not accepted: all are counted, the first hundred are named. */
export class RejectedLines {
  readonly #shown: Array<{ readonly line: number; readonly detail: string }> = []
  #count = 0

  readonly add = (line: number, detail: string): void => {
    this.#count += 1
    if (this.#shown.length < SHOWN_MAX) this.#shown.push({ line, detail })
  }

  /** `rejected` is the number of lines, `errors` has the first of them with line numbers from 1. */
  view(): { rejected: number; errors: Array<{ line: number; detail: string }> } {
    return { rejected: this.#count, errors: [...this.#shown] }
  }
}
