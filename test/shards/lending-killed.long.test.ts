import { fileURLToPath } from 'node:url'
import t from 'tap'
import { shardOf } from '../../src/base/shards.ts'
import { Campaigns } from '../../src/campaign/lifecycle/lifecycle.ts'
import type { Outcome } from '../../src/gate/batch/outcomes.ts'
import { openLoans } from '../../src/store/campaigns/loans.ts'
import { ada, ben, openDefinition } from '../campaign/at-the-gate.ts'
import { Child } from '../faults/world/child.ts'
import { shardsEnv, sharedServers, temporaryFolder } from '../support/servers/servers.ts'
import { buy, insist, startCore } from '../support/shop/core.ts'
import { waitFor } from '../support/wait.ts'

// Workers die at every step of loans between four shards, while a crowd of one shard buys what all of them have.

const COUNT = 4
const numbers = [0, 1, 2, 3]
const STOCK = 400
const id = 'killed'
const PATIENT = { deadlineMs: 240_000 }
const urls = await sharedServers(t)
const env = { ...urls.env, ...shardsEnv(COUNT) }
const core = await startCore(t, { ...urls, env })
const { pool, config } = core
const folder = temporaryFolder(t)
const cli = fileURLToPath(new URL('../../src/cli.js', import.meta.url))

/** In the order of a loan, then what its gate calls and the projection of its decisions may die in. */
const places = 'L1 L2 L3 G3 G4 G5 L2:2 L3:2 W2 W3 W4 L1:3 G3:2 G5:2 L3:3'.split(' ')

const stopWorker = core.worker()
const { gate } = await core.gateway()
await gate.ready()
const campaigns = new Campaigns({ pool, gate }, { carryMs: 60_000 })
const text = JSON.stringify(openDefinition(id)).replace('"stock":5', `"stock":${STOCK}`)
await campaigns.save({ id, input: JSON.parse(text) }, ada)
await campaigns.submit(id, ada)
await campaigns.approve(id, ben)
await campaigns.publish(id, ben)
await waitFor(async () => (await campaigns.get(id)).review === 'published', { ...PATIENT, what: 'the sale to open' })
await stopWorker()

/** More users of one shard than there are units. */
const crowd = Array.from({ length: 5 * COUNT * STOCK }, (_, n) => `buyer-${n}`)
  .filter((user) => shardOf(user, COUNT) === 1)
  .slice(0, STOCK + 20)

const purchase = (user: string) => insist(() => gate.submit(buy({ campaign: id, sale: 'phone' }, user)), 600_000)

/** Eight at a time: what they buy lasts until the last worker has died. */
async function sellAll(): Promise<Outcome[]> {
  const left = [...crowd]
  const outcomes: Outcome[] = []
  const one = async () => {
    for (let user = left.shift(); user !== undefined; user = left.shift()) outcomes.push(await purchase(user))
  }
  await Promise.all(Array.from({ length: 8 }, one))
  return outcomes
}

let workers = 0

function startWorker(fails: string): Promise<Child> {
  workers += 1
  const { NAMESPACE, REDIS_URL, NATS_URL, DATABASE_URL } = config
  const all = { NAMESPACE, REDIS_URL, NATS_URL, DATABASE_URL, JOURNAL_MAX_BYTES: String(64 * 1024 ** 2), ...env }
  const name = `worker-${workers}`
  const how = { PATH: process.env.PATH, ...all, LOG_LEVEL: 'info', FAIL_POINTS: fails }
  return Child.start({ name, command: 'worker', env: how, logFile: `${folder}/${name}.log`, cli })
}

t.test(
  'all units of four shards are sold once, wherever a worker dies while they go from one to another',
  async (t) => {
    const selling = sellAll()
    for (const place of places) {
      const [point, hit = '1'] = place.split(':')
      const doomed = await startWorker(`${point}:kill:${hit}`)
      await waitFor(async () => !doomed.alive, { ...PATIENT, what: `a worker to die at ${place}` })
      t.equal(doomed.printed('FAIL POINT'), 1, `a worker was killed at ${place}`)
      await doomed.kill()
    }
    const last = await startWorker('')
    t.teardown(() => last.kill())
    const outcomes = await selling
    t.equal(outcomes.filter(({ kind }) => kind === 'confirmed').length, STOCK)
    t.equal(outcomes.filter((one) => one.kind === 'refused' && one.code === 'SOLD_OUT').length, 20)
    await waitFor(async () => (await openLoans(pool, id)) === 0, { ...PATIENT, what: 'every loan to be over' })
    const stored = async () =>
      (await pool.query('select 1 from orders where campaign_id = $1', [id])).rowCount === STOCK
    await waitFor(stored, { ...PATIENT, what: 'all orders to be stored' })
    const users = await pool.query('select distinct user_id from orders where campaign_id = $1', [id])
    t.equal(users.rowCount, STOCK, 'one for each')
    const halves = `select 1 from loans where campaign_id = $1 and state = 'received' and (lent_by is null or received_by is null)`
    await waitFor(async () => (await pool.query(halves, [id])).rowCount === 0, { ...PATIENT, what: 'all to be stored' })
    const twice = await pool.query(
      `select key from decisions where campaign_id = $1 and user_id = '$system' and type like 'stock.%' group by key having count(*) > 1`,
      [id]
    )
    t.same(twice.rows, [], 'each half of a loan was decided once')
    for (const shard of numbers) {
      const [inRedis = {}] = await gate.read([`s:${id}:phone`], shard)
      const { rows } = await pool.query(
        'select total::int, remaining::int, held::int from stock where campaign_id = $1 and shard = $2',
        [id, shard]
      )
      const of = (name: string) => Number(inRedis[`am:${name}`] ?? 0)
      t.same(rows, [{ total: of('total'), remaining: of('remaining'), held: of('held') }], `shard ${shard}`)
      t.equal(of('remaining'), 0)
    }
  }
)
