import { Redis } from 'ioredis'
import { PEER_LIMIT, PEER_TOTAL, purchaseSha, stockKey } from './purchase-script.ts'
import { sell } from './selling.ts'

/** Fastify with the same token check and schemas, and one EVALSHA for each request. A 201 means that Redis has it, and nothing else. */
const redis = new Redis(process.env.REDIS_URL ?? '')

await sell(async ({ campaign, user, key, quantity }) => {
  const place = stockKey(campaign)
  const keys = [place, `${place}:u:${user}`, `${place}:k:${user}:${key}`]
  const said = (await redis.evalsha(purchaseSha, 3, ...keys, quantity, PEER_LIMIT, PEER_TOTAL)) as [string, number]
  const [outcome, position] = said
  if (outcome === 'S') return { kind: 'refused', code: 'SOLD_OUT' }
  if (outcome === 'L') return { kind: 'refused', code: 'LIMIT_REACHED' }
  return { kind: 'bought', sequence: position, position }
})
