import { RedisCallError, type RedisCaller } from './caller.ts'
import { slotOf } from './cluster-map.ts'

const CALL_MS = 3000

/** The line of a node about itself in the reply to CLUSTER NODES: what it gives away and takes over stands at its end. */
const MYSELF = /^\S+ \S+ (?:\S+,)?myself\b.*$/m

/**
 * Whether the slot of a key is being moved to another node of a cluster, or from one. Until it is whole, each of the two holds a part of
 * its keys: what is opened there would be closed again at its end.
 * @returns the slot and the node in words; undefined when it stays, and where Redis is no cluster
 * @throws RedisCallError
 */
export async function slotOnItsWay(caller: Pick<RedisCaller, 'call'>, key: string): Promise<string | undefined> {
  const info = String(await caller.call('INFO', ['cluster'], CALL_MS))
  if (!/^cluster_enabled:1\r?$/m.test(info)) return undefined
  const nodes = String(await caller.call('CLUSTER', ['NODES'], CALL_MS))
  const slot = slotOf(key)
  const [, way, id = ''] = new RegExp(`\\[${slot}-([<>])-(\\w+)\\]`).exec(MYSELF.exec(nodes)?.[0] ?? '') ?? []
  if (way === undefined) return undefined
  const address = new RegExp(`^${id} ([^@\\s]+)`, 'm').exec(nodes)?.[1] ?? id
  return `slot ${slot} is on its way ${way === '>' ? 'to' : 'from'} ${address}`
}

/** @throws RedisCallError also when the slot of the key is on its way */
export async function requireWholeSlot(caller: Pick<RedisCaller, 'call'>, key: string): Promise<void> {
  const onItsWay = await slotOnItsWay(caller, key)
  if (onItsWay !== undefined)
    throw new RedisCallError('refused', `The shard is not opened while its keys are moved: ${onItsWay}.`)
}
