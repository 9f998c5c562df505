import type { DestinationStream } from 'pino'
import type { Test } from 'tap'
import { shardOf } from '../../../src/base/shards.ts'
import type { Transition, TransitionCommand } from '../../../src/gate/batch/commands.ts'
import { type BatchReply, decodeReply } from '../../../src/gate/batch/decode.ts'
import { type Call, encodeBatch, type SettleRequest } from '../../../src/gate/batch/encode.ts'
import type { BatcherLimits } from '../../../src/gate/batch/options.ts'
import type { Decision, Outcome } from '../../../src/gate/batch/outcomes.ts'
import type { ConnectedShard } from '../../../src/gate/shard/connect-shard.ts'
import { isRing } from '../../../src/record/fields.ts'
import { SHARD_HASH } from '../../../src/record/keys.ts'
import { decodeOrder, type OrderRecord } from '../../../src/record/order.ts'
import { decodeWin, type WinRecord } from '../../../src/record/win.ts'
import { Fold } from '../../../src/recovery/open/fold-users.ts'
import { readDecisions, readStock } from '../../../src/store/projection/restore.ts'
import { readShard } from '../../../src/store/shard/shards.ts'
import { assertTables } from '../judging/assert-tables.ts'
import type { ServerUrls, Teardown } from '../servers/servers.ts'
import { waitFor } from '../wait.ts'
import { buy, type Core, insist, preload, type SaleSpec, type ShopGate, startCore } from './core.ts'

export type SmallSale = Partial<SaleSpec> & {
  readonly limits?: Partial<BatcherLimits>
  /** takes what gateway and worker log */
  readonly log?: DestinationStream
  /** the epoch that is opened, where numbers must be the same in every run; otherwise one that never was */
  readonly epoch?: number
}

/** One open sale with a worker and a gateway. */
export interface Shop extends ShopGate {
  readonly core: Core
  readonly sale: SaleSpec
  /** stops the worker of this shop */
  readonly stopWorker: () => Promise<void>
}

/** Opens campaign `c`, sale `s`: ten units at 100 CNY unless said otherwise, on each shard. */
export async function openShop(t: Teardown, urls: ServerUrls, spec: SmallSale = {}): Promise<Shop> {
  const core = await startCore(t, urls, spec.log)
  if (spec.epoch !== undefined) {
    const added = "insert into shards (shard, epoch, state) select n, $1, 'closed' from generate_series(0, $2) n"
    await core.pool.query(added, [spec.epoch - 1, core.config.SHARDS - 1])
  }
  const stopWorker = core.worker()
  const parts = await core.gateway(spec.limits)
  await parts.gate.ready()
  const sale = { campaign: 'c', sale: 's', stock: 10, ...spec }
  for (const shard of parts.gate.numbers) {
    const published = await insist(() => parts.gate.submit({ ...preload(sale), shard }))
    if (published.kind !== 'confirmed') throw new Error(`The sale did not open: ${JSON.stringify(published)}`)
  }
  return { ...parts, core, sale, stopWorker }
}

/** The decision of an outcome that must be confirmed. @throws Error otherwise */
export function decisionOf(outcome: Outcome): Decision {
  if (outcome.kind !== 'confirmed') throw new Error(`Not confirmed: ${JSON.stringify(outcome)}`)
  return outcome.decision
}

/** Buys until confirmed. @returns the order's id */
export async function bought(shop: Shop, user: string, more: Parameters<typeof buy>[2] = {}): Promise<string> {
  const outcome = await insist(() => shop.gate.submit(buy(shop.sale, user, more)))
  return decisionOf(outcome).order?.id ?? ''
}

export interface Move extends Partial<TransitionCommand> {
  readonly user: string
  readonly order: string
}

/** A transition of an order of the shop's sale; the key is one for each transition and order. */
export function move(shop: Pick<Shop, 'sale'>, transition: Transition, wanted: Move): TransitionCommand {
  return {
    op: 'transition',
    transition,
    key: `x:${transition}:${wanted.order}`,
    hash: transition,
    campaign: shop.sale.campaign,
    activity: shop.sale.sale,
    session: 'am',
    by: 'operator',
    request: '{}',
    ...(transition === 'pay' && { amount: 100, currency: 'CNY' }),
    ...wanted
  }
}

/** One call of the script and nothing after it: what a gateway that dies right then has done. */
export async function rawCall(shop: Shop, calls: Call[], settles: SettleRequest[] = []): Promise<BatchReply> {
  const row = await readShard(shop.core.pool, shop.shard)
  const limits = { notAfter: 0, outboxFrames: 5000, keptBytes: 2 ** 40, decisionsPerUser: 10_000 }
  const { keys, args } = encodeBatch({ prefix: shop.prefix, hasPeers: shop.core.config.SHARDS > 1 }, calls, {
    settles,
    limits
  })
  const reply = await shop.caller.call('EVALSHA', [row?.shas.gate ?? '', keys.length, ...keys, ...args], 10_000)
  return decodeReply(shop.shard, reply)
}

type InRedis = Pick<ConnectedShard, 'redis' | 'prefix'>

/** Waits until everything decided, in any shard, is journaled, settled and stored. */
export async function atRest(shop: InRedis | Pick<Shop, 'shards'>, deadlineMs = 120_000): Promise<void> {
  for (const { redis, prefix } of 'shards' in shop ? shop.shards : [shop]) {
    const empty = async () => (await redis.xlen(`${prefix}outbox`)) + (await redis.hlen(`${prefix}kept`)) === 0
    await waitFor(empty, { what: 'outbox and kept to be empty', deadlineMs })
  }
}

/** The shard in which a user decides. */
export function shardOfUser(shop: Pick<Shop, 'shards'>, user: string): ConnectedShard {
  const shard = shop.shards[shardOf(user, shop.shards.length)]
  if (shard === undefined) throw new Error(`No shard of ${user}`)
  return shard
}

/** A hash by its logical key, without the list of a user's newest decisions, which no fold has. */
export async function readFolded({ redis, prefix }: InRedis, key: string): Promise<Record<string, string>> {
  const fields = Object.entries(await redis.hgetall(prefix + key))
  return Object.fromEntries(fields.filter(([field]) => !isRing(field)))
}

async function recordsHeld<Item>(
  shop: InRedis,
  user: string,
  { letter, decode }: { letter: 'o' | 'w'; decode: (id: string, record: string) => Item }
): Promise<Item[]> {
  const fields = Object.entries(await readFolded(shop, `u:${user}`)).sort(([one], [other]) => (one < other ? -1 : 1))
  return fields.flatMap(([field, record]) =>
    field.startsWith(`${letter}:`) ? [decode(`0-${field.slice(2)}`, record)] : []
  )
}

/** All wins of a user that Redis holds, stored or not. */
export function winsHeld(shop: InRedis, user: string): Promise<WinRecord[]> {
  return recordsHeld(shop, user, { letter: 'w', decode: decodeWin })
}

/** All orders of a user that Redis holds, stored or not. */
export function ordersHeld(shop: InRedis, user: string): Promise<OrderRecord[]> {
  return recordsHeld(shop, user, { letter: 'o', decode: decodeOrder })
}

/** Every hash that Redis has of one shard is the fold of the decisions in Postgres, and stock says the same. */
export async function assertFolded(t: Test, shop: Shop): Promise<Fold> {
  await atRest(shop)
  const fold = new Fold()
  for await (const page of readDecisions(shop.core.pool, shop.shard)) for (const decision of page) fold.add(decision)
  const expected: Record<string, unknown> = {}
  const found: Record<string, unknown> = {}
  for (const [key, fields] of fold.hashes) {
    if (key === SHARD_HASH) continue
    const kept = [...fields].filter(([, value]) => value !== null)
    expected[key] = Object.fromEntries(kept.map(([field, value]) => [field, String(value)]))
    found[key] = await readFolded(shop, key)
  }
  t.same(found, expected, 'Redis is the fold of what Postgres has')
  for (const row of await readStock(shop.core.pool, shop.shard)) {
    t.equal(row.total, row.remaining + row.held + row.paid, 'units add up')
    const key = `s:${row.campaign_id}:${row.activity_id}`
    const stock = fold.hashes.get(key)
    for (const name of ['total', 'remaining', 'held', 'paid'] as const) {
      t.equal(Number(stock?.get(`${row.session_id}:${name}`) ?? 0), row[name], `${name} is summed alike`)
    }
  }
  return fold
}

/** Of every shard: as assertFolded, and balances, ledger, orders and wins say the same, and no bytes of kept are left over. */
export async function assertWhole(t: Test, shop: Shop): Promise<void> {
  await atRest(shop)
  for (const part of shop.shards) {
    const fold = await assertFolded(t, { ...shop, ...part })
    await assertTables(t, fold, { pool: shop.core.pool, shard: part.shard })
    t.equal(await part.redis.hget(`${part.prefix}shard`, 'kept_bytes'), '0', 'no bytes are counted as kept')
  }
}
