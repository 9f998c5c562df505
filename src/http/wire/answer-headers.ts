import type { FastifyReply } from 'fastify'

/** What each answer starts with, whichever way it is made. Nobody may keep it or guess its type unless its route says so. */
export const GUARDED = { 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' } as const

/** Everything that may change an answer for everybody; the origin does where browsers of other sites may call. */
const VARIES = 'origin, accept-language, accept-encoding'

/** Marks an answer that is the same for everybody: caches may keep it for so long. */
export function cacheable(reply: FastifyReply, seconds: number): void {
  reply.headers({ 'cache-control': `public, max-age=${seconds}`, vary: VARIES })
}
