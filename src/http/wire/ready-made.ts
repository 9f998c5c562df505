import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { cacheable } from './answer-headers.ts'

/** The bytes of a document, the same for every reader. */
export interface ReadyMade {
  readonly body: Buffer
  readonly zipped: Buffer
  readonly etag: string
  readonly headers: Readonly<Record<string, string>>
}

const KEPT_SECONDS = 60
const compress = promisify(gzip)

/** Makes the bytes of a document. @param headers such as its type */
export async function makeReady(text: string | Buffer, headers: Readonly<Record<string, string>>): Promise<ReadyMade> {
  const body = Buffer.from(text)
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
  return { body, zipped: await compress(body), etag, headers }
}

/** True if the client has this version of an answer already. */
export function isKnown(request: Pick<FastifyRequest, 'headers'>, etag: string): boolean {
  const tags = request.headers['if-none-match']?.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags !== undefined && (tags.includes(etag) || tags.includes('*'))
}

function takesGzip(header: string | string[] | undefined): boolean {
  return /(?:^|[\s,])(?:gzip|\*)(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(String(header ?? ''))
}

/** Answers with a document: all readers share the same bytes in memory. */
export function sendReady(request: FastifyRequest, reply: FastifyReply, document: ReadyMade): FastifyReply {
  cacheable(reply, KEPT_SECONDS)
  reply.headers({ ...document.headers, etag: document.etag })
  if (isKnown(request, document.etag)) return reply.code(304).send()
  if (!takesGzip(request.headers['accept-encoding'])) return reply.send(document.body)
  // both forms have one tag: tags are compared weakly, and the text is the same
  return reply.header('content-encoding', 'gzip').send(document.zipped)
}
