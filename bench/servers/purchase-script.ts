import { createHash } from 'node:crypto'
import { Redis } from 'ioredis'

/**
 * The purchase that people write first in Redis: limit, stock and idempotency key in one script, each request a call of its own. Nothing
 * is journaled: what Redis loses is lost.
 */
export const purchaseScript = `local said = redis.call('GET', KEYS[3])
if said then return {'P', tonumber(said)} end
local quantity, limit, total = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local units = tonumber(redis.call('GET', KEYS[2]) or 0)
if units + quantity > limit then return {'L', 0} end
local left = redis.call('DECRBY', KEYS[1], quantity)
if left < 0 then
  redis.call('INCRBY', KEYS[1], quantity)
  return {'S', 0}
end
redis.call('INCRBY', KEYS[2], quantity)
local position = total - left - quantity + 1
redis.call('SET', KEYS[3], position, 'EX', 3600)
return {'A', position}`

export const purchaseSha = createHash('sha1').update(purchaseScript).digest('hex')

/** Limit and stock are the same in all scenarios, so that no server has to look them up. */
export const PEER_LIMIT = 100_000
export const PEER_TOTAL = 50_000_000

export const stockKey = (campaign: string): string => `bench-peer:${campaign}:stock`

/** Loads the script, and puts a sale's stock into the stack's Redis, beside its own keys. */
export async function setUpRedisSale(redisUrl: string, campaign: string, stock: number): Promise<void> {
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: 1 })
  try {
    await redis.script('LOAD', purchaseScript)
    await redis.set(stockKey(campaign), stock)
  } finally {
    redis.disconnect()
  }
}

/** Units that are left. */
export async function redisStock(redisUrl: string, campaign: string): Promise<number> {
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: 1 })
  try {
    return Number(await redis.get(stockKey(campaign)))
  } finally {
    redis.disconnect()
  }
}
