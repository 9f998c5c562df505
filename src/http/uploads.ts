import type { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import { ProblemError } from './problems.ts'

const TYPES = ['text/plain', 'text/csv', 'application/csv']

/** The routes of this scope take text or CSV of any length as a stream, and nothing else. */
export function takeUploads(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(TYPES, (_request, payload, done) => done(null, payload))
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

const SHOWN_MAX = 100

/** Lines of an upload that were not taken: all are counted, the first hundred are named. */
export class RejectedLines {
  readonly #shown: Array<{ readonly line: number; readonly detail: string }> = []
  #count = 0

  readonly add = (line: number, detail: string): void => {
    this.#count += 1
    if (this.#shown.length < SHOWN_MAX) this.#shown.push({ line, detail })
  }

  /** `rejected` is how many, `errors` the first of them with their line numbers, from 1. */
  view(): { rejected: number; errors: Array<{ line: number; detail: string }> } {
    return { rejected: this.#count, errors: [...this.#shown] }
  }
}
