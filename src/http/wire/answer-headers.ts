import type { FastifyReply } from 'fastify'

/** Headers of every answer, whichever code makes it: no cache may keep it and no browser may guess its type, unless its route says so. */
export const GUARDED = { 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' } as const

/** All that an answer for everybody may depend on; on the origin only if browsers of other sites may call. */
const VARIES = 'origin, accept-language, accept-encoding'

/** Marks an answer that is the same for everybody: caches may keep it for `seconds`. */
export function cacheable(reply: FastifyReply, seconds: number): void {
  reply.headers({ 'cache-control': `public, max-age=${seconds}`, vary: VARIES })
}
