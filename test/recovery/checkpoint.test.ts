import { Writable } from 'node:stream'
import t, { type Test } from 'tap'
import { manager } from '../../src/journal/streams.ts'
import { streamNames } from '../../src/journal/subjects.ts'
import { foldCheckpoint } from '../../src/recovery/checkpoint/fold-checkpoint.ts'
import { reconcile } from '../../src/recovery/compare/reconcile.ts'
import { Fold, parseFields } from '../../src/recovery/open/fold-users.ts'
import { checkpointPages, readCheckpoint } from '../../src/store/projection/checkpoint.ts'
import { readAlongIndexes, readDecisions } from '../../src/store/projection/restore.ts'
import { decisionsUnder, findDecision } from '../../src/store/reading/orders.ts'
import { advanceComplete } from '../../src/store/shard/openings.ts'
import { readShard } from '../../src/store/shard/shards.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { insist } from '../support/shop/core.ts'
import { credit, openActivity, pointsWheel, takePart } from '../support/shop/participation.ts'
import { assertWhole, atRest, bought, decisionOf, openShop, type Shop } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

const urls = await sharedServers(t)
const wheel = pointsWheel(50)

async function live(shop: Shop, users: readonly string[]): Promise<void> {
  for (const user of users) {
    await bought(shop, user)
    decisionOf(await insist(() => shop.gate.submit(credit(user, 'b:points', 500))))
    decisionOf(await insist(() => shop.gate.submit(takePart(wheel, user, { random: user }))))
  }
  await atRest(shop)
}

/** Folds all that is stored, as the owner does a few seconds later. */
async function foldAll({ core, shard }: Shop): Promise<void> {
  const row = await readShard(core.pool, shard)
  await advanceComplete(core.pool, shard, row?.epoch ?? 0)
  await foldCheckpoint({ ...core, shard }, { budgetMs: 60_000, youngestSeconds: 0 })
}

/** The rows and the decisions after them are the fold of all decisions. */
async function assertFolded(t: Test, { core, shard }: Shop): Promise<void> {
  const place = await readCheckpoint(core.pool, shard)
  const whole = new Fold()
  for await (const page of readDecisions(core.pool, shard)) for (const decision of page) whole.add(decision)
  const begun = new Fold()
  for await (const page of checkpointPages(core.pool, shard))
    for (const { hash, fields } of page) begun.seed(hash, parseFields(fields))
  for await (const page of readDecisions(core.pool, shard, place)) for (const decision of page) begun.add(decision)
  const texts = (fold: Fold) =>
    Object.fromEntries(
      [...fold.hashes].map(([key, fields]) => [
        key,
        Object.fromEntries([...fields].map(([field, value]) => [field, String(value)]))
      ])
    )
  t.same(texts(begun), texts(whole), 'what is folded, and what came after it, is all there is')
}

async function differences(shop: Shop): Promise<readonly unknown[]> {
  const jsm = await manager(shop.connection)
  const names = streamNames(shop.core.config.NAMESPACE)
  return (await reconcile({ ...shop, pool: shop.core.pool, jsm, names })).differences
}

async function wiped(shop: Shop): Promise<void> {
  const before = await readShard(shop.core.pool, shop.shard)
  await shop.redis.unlink(...(await shop.redis.keys(`${shop.prefix.replace('{', '\\{').replace('}', '\\}')}*`)))
  await waitFor(
    async () => {
      const row = await readShard(shop.core.pool, shop.shard)
      return row?.state === 'open' && row.epoch > (before?.epoch ?? 0)
    },
    { what: 'the shard to be opened again' }
  )
}

t.test('a wiped Redis is written from the checkpoint and the decisions after it', async (t) => {
  const shop = await openShop(t, urls, { stock: 100 })
  decisionOf(await shop.gate.submit(openActivity(wheel)))
  await live(shop, ['ann', 'ben'])
  await foldAll(shop)
  const first = await readCheckpoint(shop.core.pool, shop.shard)
  t.ok(first.sequence > 0)
  await assertFolded(t, shop)
  await live(shop, ['ann-2', 'cem'])
  decisionOf(await insist(() => shop.gate.submit(credit('ann', 'b:points', 7))))
  await atRest(shop)
  t.same(await differences(shop), [])
  await wiped(shop)
  await assertWhole(t, shop)
  await live(shop, ['dan'])
  await foldAll(shop)
  const second = await readCheckpoint(shop.core.pool, shop.shard)
  t.ok(second.epoch > first.epoch, 'it goes on over the openings')
  await assertFolded(t, shop)
  t.same(await differences(shop), [])
  await wiped(shop)
  await assertWhole(t, shop)
})

t.test(
  'what is folded is read once: neither the end of a page nor a checkpoint that is up to date asks for decisions',
  async (t) => {
    const shop = await openShop(t, urls, { stock: 100 })
    await live(shop, ['ann', 'ben'])
    await shop.stopWorker()
    const { pool } = shop.core
    await advanceComplete(pool, shop.shard, (await readShard(pool, shop.shard))?.epoch ?? 0)
    let transactions = 0
    const counting = new Proxy(pool, {
      get(known, name) {
        if (name === 'connect') transactions += 1
        const value = Reflect.get(known, name, known) as unknown
        return typeof value === 'function' ? value.bind(known) : value
      }
    })
    const parts = { ...shop.core, pool: counting, shard: shop.shard }
    const fold = () => foldCheckpoint(parts, { budgetMs: 60_000, youngestSeconds: 0 })
    t.ok((await fold()) > 0)
    t.equal(transactions, 2, 'one that reads, and one that moves the checkpoint')
    t.equal(await fold(), 0)
    t.equal(transactions, 2)
    await assertFolded(t, shop)
  }
)

t.test('what is not complete is not folded, and two that fold at once fold each decision once', async (t) => {
  const shop = await openShop(t, urls, { stock: 100 })
  decisionOf(await shop.gate.submit(openActivity(wheel)))
  await live(shop, ['ann', 'ben', 'cem'])
  const { pool } = shop.core
  const row = await readShard(pool, shop.shard)
  await shop.stopWorker()
  await pool.query('update openings set complete_batch = 0, complete_sequence = 0 where epoch = $1', [row?.epoch])
  const hidden = await pool.query('select * from frames where epoch = $1 and batch = 3', [row?.epoch])
  await pool.query('delete from frames where epoch = $1 and batch = 3', [row?.epoch])
  await advanceComplete(pool, shop.shard, row?.epoch ?? 0)
  const { rows } = await pool.query('select complete_batch as batch from openings where epoch = $1', [row?.epoch])
  t.same(rows, [{ batch: 2 }], 'a frame that is missing holds it up')
  await foldCheckpoint({ ...shop.core, shard: shop.shard }, { budgetMs: 60_000, youngestSeconds: 0 })
  t.equal((await readCheckpoint(pool, shop.shard)).batch, 2)
  const [frame] = hidden.rows as Array<Record<string, unknown>>
  const columns = Object.keys(frame ?? {})
  await pool.query(
    `insert into frames (${columns.join(', ')}) values (${columns.map((_, index) => `$${index + 1}`).join(', ')})`,
    Object.values(frame ?? {})
  )
  await Promise.all([foldAll(shop), foldAll(shop), foldAll(shop)])
  await assertFolded(t, shop)
})

t.test('pages are read along an index, and nothing else is planned otherwise for it', async (t) => {
  const { pool } = (await openShop(t, urls, { stock: 1 })).core
  const setting = async (db: Pick<typeof pool, 'query'>) => (await db.query('show enable_sort')).rows
  t.same(await readAlongIndexes(pool, setting), [{ enable_sort: 'off' }])
  t.same(await setting(pool), [{ enable_sort: 'on' }])
})

t.test(
  'a key that decided twice although it was not forgotten is an alarm, and both decisions are stored',
  async (t) => {
    const alarms: Array<Record<string, unknown>> = []
    const log = new Writable({
      write(line, _encoding, done) {
        const said = JSON.parse(String(line)) as Record<string, unknown>
        if (said.alarm === 'KEY_DECIDED_TWICE') alarms.push(said)
        done()
      }
    })
    const shop = await openShop(t, urls, { stock: 100, log })
    await bought(shop, 'ann', { key: 'u:again' })
    await atRest(shop)
    await shop.redis.hdel(`${shop.prefix}u:ann`, 'u:again')
    await bought(shop, 'ann', { key: 'u:again' })
    await bought(shop, 'ann', { key: 'u:other' })
    await atRest(shop)
    await foldAll(shop)
    await waitFor(() => alarms.length === 1, { what: 'the alarm' })
    t.match(alarms, [{ user: 'ann', key: 'u:again' }])
    const { rowCount } = await shop.core.pool.query("select 1 from decisions where user_id = 'ann' and key = 'u:again'")
    t.equal(rowCount, 2)
    const newest = await findDecision(shop.core.pool, 'ann', 'u:again')
    t.equal(
      (await decisionsUnder(shop.core.pool, [{ user: 'ann', key: 'u:again' }]))[0],
      newest?.id,
      'the newest counts'
    )
    t.equal(newest?.sequence, 3)
  }
)
