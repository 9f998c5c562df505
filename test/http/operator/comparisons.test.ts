import t from 'tap'
import { openDefinition } from '../../campaign/at-the-gate.ts'
import { startMallShop } from '../../support/shop/mall-shop.ts'
import { waitFor } from '../../support/wait.ts'

const { admin, ask, pool, publish } = await startMallShop(t)
await publish(openDefinition('compared') as { id: string })
const path = '/admin/v1/campaigns/compared/reconciliation'

interface Shard {
  readonly epoch: number
  readonly state: string
  readonly lags: { readonly projection: number; readonly events: number | null }
}

async function shardOf(): Promise<Shard | undefined> {
  const { status, body } = await admin('vera', 'GET /admin/v1/campaigns/compared/state')
  return status === 200 ? body.shards[0] : undefined
}

t.test('the state says how far projection and events lag behind', async (t) => {
  const bought = await ask('ann', 'POST /v1/campaigns/compared/sales/phone/orders', { body: { quantity: 1 } })
  t.equal(bought.status, 201, JSON.stringify(bought.body))
  const isThrough = async () => {
    const shard = await shardOf()
    return shard?.lags.projection === 0 && shard.lags.events === 0
  }
  await waitFor(isThrough, { what: 'projection and events' })
})

t.test('a comparison starts once, is listed page by page, and is refused for an unknown campaign', async (t) => {
  // answered with 202 where it takes longer than an answer may
  const compare = async (key: string) => {
    let answer = await admin('olga', `POST ${path}`, { body: {}, key })
    for (let tries = 0; answer.status === 202 && tries < 10; tries += 1)
      answer = await admin('olga', `POST ${path}`, { body: {}, key })
    return answer
  }
  const first = await compare('compare-1')
  t.match(first, { status: 200, body: { state: 'done', askedBy: 'olga', result: { differences: [] } } })
  t.equal((await compare('compare-1')).body.id, first.body.id, 'the same key, the same comparison')
  for (const type of ['application/json', 'text/plain']) {
    const empty = await admin('olga', `POST ${path}`, { body: '', type, key: 'compare-1' })
    t.equal(empty.body.id, first.body.id, `an empty body of ${type} is an empty object`)
    t.match(empty.headers, { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
  }
  const second = await compare('compare-2')
  t.not(second.body.id, first.body.id)
  const page = await admin('vera', `GET ${path}?limit=1`)
  t.match(page.body, { items: [{ id: second.body.id }], nextCursor: String(second.body.id) })
  t.match((await admin('vera', `GET ${path}?limit=1&cursor=${page.body.nextCursor}`)).body, {
    items: [{ id: first.body.id }]
  })
  const absent = path.replace('compared', 'absent')
  t.match(await admin('vera', `GET ${absent}`), { status: 404, body: { code: 'NOT_FOUND' } })
  t.match(await admin('olga', `POST ${absent}`, { body: {} }), { status: 404 })
  t.match(await admin('olga', `POST ${absent}/repair`, { body: { reason: 'x' } }), { status: 404 })
})

t.test('a repair that is sent again does not close the shard again', async (t) => {
  const repair = (reason: string) => admin('olga', `POST ${path}/repair`, { body: { reason }, key: 'repair-1' })
  const before = (await shardOf())?.epoch ?? 0
  let opened = 0
  const reopened = async () => {
    const shard = await shardOf()
    opened = shard?.epoch ?? 0
    return shard?.state === 'open' && opened > before
  }
  t.match(await repair('differences'), { status: 202, body: { state: 'closed' } })
  await waitFor(reopened, { what: 'the shard to be opened again' })
  t.match(await repair('differences'), { status: 202 })
  t.match(await repair('something else'), { status: 422, body: { code: 'KEY_REUSED' } })
  const stays = opened
  t.ok(await reopened())
  t.equal(opened, stays, 'it was not closed again')
  const { rows } = await pool.query("select reason from audit where action = 'shard.reopening'")
  t.same(rows, [{ reason: 'differences' }])
})

t.test('an admin archives a campaign once it waits for nothing, and its job says how far that is', async (t) => {
  const archive = '/admin/v1/campaigns/compared/archive'
  const body = { reason: 'a year ago', sha256: 'a'.repeat(64) }
  t.match(await admin('olga', `POST ${archive}`, { body }), { status: 403 })
  const short = await admin('ben', `POST ${archive}`, { body: { ...body, sha256: 'short' } })
  t.match(short, { status: 400, body: { errors: [{ pointer: '/sha256' }] } })
  const waitsFor = [{ step: 'settlement', left: 1 }]
  const refused = { status: 409, body: { code: 'CONFLICT', waitsFor } }
  t.match(await admin('ben', `POST ${archive}`, { body }), refused)
  t.match(await admin('ben', `POST ${archive}?dryRun=true`, { body: {} }), {
    status: 200,
    body: { dryRun: true, waitsFor, canBeTakenBack: false, campaign: { id: 'compared', archived: false } }
  })
  t.match(await admin('vera', 'GET /admin/v1/jobs/archive-compared'), { status: 404 })
  await pool.query(
    `insert into archives (campaign_id, sha256, reason, operator, stopped) values ('compared', $1, 'old', 'ben', 'another file')`,
    [body.sha256]
  )
  await pool.query(`insert into archive_parts (campaign_id, shard) values ('compared', 0)`)
  t.match(await admin('vera', 'GET /admin/v1/jobs/archive-compared'), {
    status: 200,
    body: {
      id: 'archive-compared',
      state: 'failed',
      left: 1,
      failed: [{ id: 'compared', reason: 'another file' }],
      shards: [{ shard: 0, step: 'asked' }]
    }
  })
})
