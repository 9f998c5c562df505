import { Writable } from 'node:stream'
import type { Test } from 'tap'
import { OpeningScripts } from '../../../src/gate/redis/opening-scripts.ts'
import { readForgotten, readHash } from '../../../src/gate/redis/state.ts'
import { manager } from '../../../src/journal/streams.ts'
import { streamNames } from '../../../src/journal/subjects.ts'
import { isRing } from '../../../src/record/fields.ts'
import { foldCheckpoint } from '../../../src/recovery/checkpoint/fold-checkpoint.ts'
import { Forgetter } from '../../../src/recovery/checkpoint/forget-replays.ts'
import { reconcile } from '../../../src/recovery/compare/reconcile.ts'
import { repairUsers } from '../../../src/recovery/compare/repair.ts'
import { Fold } from '../../../src/recovery/open/fold-users.ts'
import { evenCounts, forgetIn } from '../../../src/recovery/open/forget-in.ts'
import { readCheckpoint } from '../../../src/store/projection/checkpoint.ts'
import { oldDecisions } from '../../../src/store/projection/forgetting.ts'
import { readDecisions } from '../../../src/store/projection/restore.ts'
import { advanceComplete } from '../../../src/store/shard/openings.ts'
import { readShard, requestReopening } from '../../../src/store/shard/shards.ts'
import type { ServerUrls, Teardown } from '../servers/servers.ts'
import { waitFor } from '../wait.ts'
import { atRest, openShop, type Shop, type SmallSale } from './shop.ts'

type Line = Readonly<Record<string, unknown>>

/** A shop, and the lines that its worker logs. */
export interface LoggedShop extends Shop {
  readonly lines: Line[]
}

export async function openLoggedShop(t: Teardown, urls: ServerUrls, spec: SmallSale = {}): Promise<LoggedShop> {
  const lines: Line[] = []
  const log = new Writable({
    write(line, _encoding, done) {
      lines.push(JSON.parse(String(line)) as Line)
      done()
    }
  })
  return { ...(await openShop(t, urls, { ...spec, log })), lines }
}

/** The scripts of the opening that Postgres names. */
export async function openScripts({ core, shard, caller, prefix }: Shop): Promise<OpeningScripts> {
  const row = await readShard(core.pool, shard)
  if (row === undefined) throw new Error('The shard has no row')
  return new OpeningScripts(caller, { prefix, epoch: row.epoch, replid: row.replid, shas: { ...row.shas } })
}

/** Folds all that is stored, as the owner does a few seconds later. */
export async function foldAll({ core, shard }: Shop): Promise<void> {
  const row = await readShard(core.pool, shard)
  await advanceComplete(core.pool, shard, row?.epoch ?? 0)
  await foldCheckpoint({ ...core, shard }, { budgetMs: 60_000, youngestSeconds: 0 })
}

/**
 * Forgets the oldest replays, as if the retention were over. @param most how many decisions
 * @param scripts what the checkpoint has forgotten is not forgotten in Redis where they throw
 */
export async function forget(shop: Shop, most = 1_000_000, scripts?: Pick<OpeningScripts, 'forget'>): Promise<number> {
  await atRest(shop)
  await foldAll(shop)
  return forgetFolded(shop, most, scripts)
}

/** As `forget`, of what is folded already. */
export async function forgetFolded(
  shop: Shop,
  most: number,
  scripts?: Pick<OpeningScripts, 'forget'>
): Promise<number> {
  const forgetter = new Forgetter({ ...shop, ...shop.core, scripts: scripts ?? (await openScripts(shop)) })
  return forgetter.step({ retentionMs: -60_000, budgetMs: 60_000, most })
}

/** Stands for a worker that is killed between the checkpoint and Redis. */
export const killed: Pick<OpeningScripts, 'forget'> = {
  forget: () => Promise.reject(new Error('killed'))
}

/** Every user's hash in Redis is the fold of all decisions, less the replays up to the place that Redis names. */
export async function assertForgotten(t: Test, shop: Shop): Promise<void> {
  await atRest(shop)
  const { pool } = shop.core
  const fold = new Fold()
  for await (const page of readDecisions(pool, shop.shard)) for (const decision of page) fold.add(decision)
  const upTo = await readForgotten(shop)
  const gone = await oldDecisions(pool, shop.shard, { after: { epoch: 0, sequence: 0 }, upTo, most: 1_000_000 })
  const expected: Record<string, unknown> = {}
  const found: Record<string, unknown> = {}
  for (const [key, folded] of fold.hashes) {
    const fields = new Map([...folded].map(([field, value]) => [field, String(value)]))
    const own = gone.filter(({ user }) => `u:${user}` === key)
    forgetIn(fields, own)
    expected[key] = Object.fromEntries(evenCounts(fields))
    const hash = await readHash(shop, key)
    found[key] = Object.fromEntries(evenCounts(Object.entries(hash).filter(([field]) => !isRing(field))))
  }
  t.same(found, expected, 'Redis is what was decided, less what is forgotten')
}

async function comparing(shop: Shop) {
  const jsm = await manager(shop.connection)
  return { ...shop, pool: shop.core.pool, jsm, names: streamNames(shop.core.config.NAMESPACE) }
}

/** What a comparison of all parts finds. */
export async function differences(shop: Shop): Promise<readonly unknown[]> {
  return (await reconcile(await comparing(shop))).differences
}

/** Writes the hashes of users anew that differ. @returns the users whose hashes still do */
export async function repaired(
  shop: Shop,
  users: readonly string[],
  scripts?: Pick<OpeningScripts, 'repair'>
): Promise<string[]> {
  return repairUsers(await comparing(shop), scripts ?? (await openScripts(shop)), users)
}

/** Whether Redis and the checkpoint have forgotten the same. */
export async function places({ core, shard, ...shop }: Shop) {
  return { redis: await readForgotten(shop), checkpoint: (await readCheckpoint(core.pool, shard)).forgotten }
}

const pattern = ({ prefix }: Shop) => `${prefix.replace('{', '\\{').replace('}', '\\}')}*`

async function reopened(shop: Shop, act: () => Promise<unknown>): Promise<void> {
  const { pool } = shop.core
  const before = await readShard(pool, shop.shard)
  await act()
  const isOpen = async () => {
    const row = await readShard(pool, shop.shard)
    return row?.state === 'open' && row.epoch > (before?.epoch ?? 0)
  }
  await waitFor(isOpen, { what: 'the shard to be opened again' })
  await waitFor(async () => (await shop.redis.hget(`${shop.prefix}shard`, 'open')) !== '0', {
    what: 'the gate to open'
  })
}

/** @returns how the shard was opened, the last attempt last */
export async function reopen(shop: LoggedShop): Promise<unknown[]> {
  shop.lines.length = 0
  await reopened(shop, () => requestReopening(shop.core.pool, shop.shard))
  return shop.lines.map(({ step }) => step).filter((step) => step === 'catching up' || step === 'writing Redis anew')
}

export function wipe(shop: Shop): Promise<void> {
  return reopened(shop, async () => shop.redis.unlink(...(await shop.redis.keys(pattern(shop)))))
}

/** All keys of the shard as Redis would copy them. */
export async function copyOf(shop: Shop): Promise<ReadonlyMap<string, Buffer>> {
  const copy = new Map<string, Buffer>()
  for (const key of await shop.redis.keys(pattern(shop))) {
    const value = await shop.redis.dumpBuffer(key)
    if (value) copy.set(key, value)
  }
  return copy
}

/** Puts a copy in the place of what is there: a replica that lagged is promoted. */
export function goBack(shop: Shop, copy: ReadonlyMap<string, Buffer>): Promise<void> {
  return reopened(shop, async () => {
    const transaction = shop.redis.multi()
    for (const key of await shop.redis.keys(pattern(shop))) transaction.unlink(key)
    for (const [key, value] of copy) transaction.restore(key, 0, value, 'REPLACE')
    await transaction.exec()
    await requestReopening(shop.core.pool, shop.shard)
  })
}
