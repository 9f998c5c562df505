import t from 'tap'
import { DAY_MS } from '../../src/base/day.ts'
import { finalAt } from '../../src/campaign/definition/final.ts'
import type { Rules } from '../../src/campaign/definition/rules.ts'
import { waitsForArchive } from '../../src/campaign/lifecycle/archive-waits.ts'
import { storeFinal } from '../../src/export/report/report.ts'
import { ARCHIVING } from '../../src/record/replay.ts'
import { campaignPlaces } from '../../src/store/projection/campaign-places.ts'
import { ada, openDefinition, setUp } from '../campaign/at-the-gate.ts'
import { decisionOf, move } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

const { campaigns, core, publish, purchase, realGate, rulesOf } = await setUp(t, { KEY_RETENTION: '1' })
const { pool } = core

const stepsOf = async (id: string, now = Date.now()) =>
  (await waitsForArchive(pool, id, now)).map(({ step, left }) => ({ step, left }))

/** Long after everything of a test is final. */
const later = () => Date.now() + 1000 * DAY_MS

/** What the places of a campaign must be. */
async function counted(id: string) {
  const { rows } = await pool.query(
    `select shard, count(*) as decisions, min(array[epoch, sequence]) as first, max(array[epoch, sequence]) as last
     from decisions where campaign_id = $1 and not starts_with(key, $2) group by shard order by shard`,
    [id, ARCHIVING]
  )
  const placeOf = ([epoch, sequence]: string[]) => ({ epoch: Number(epoch), sequence: Number(sequence) })
  return rows.map(({ first, last, ...rest }) => ({ ...rest, first: placeOf(first), last: placeOf(last) }))
}

t.test('a campaign that is not published cannot be archived', async (t) => {
  await t.rejects(waitsForArchive(pool, 'none', 0), { code: 'NOT_FOUND' })
  await campaigns.save({ id: 'draft', input: openDefinition('draft') }, ada)
  await t.rejects(waitsForArchive(pool, 'draft', 0), { code: 'CONFLICT' })
})

t.test(
  'an archive waits until a campaign is settled and final, and nothing asks for its decisions again',
  async (t) => {
    const id = 'over'
    await publish(openDefinition(id))
    const order = decisionOf(await purchase(id, 'ann')).order?.id ?? ''
    await waitFor(async () => (await stepsOf(id)).some(({ step }) => step === 'orders'), { what: 'the order' })
    t.match(await stepsOf(id), [
      { step: 'settlement', left: 1 },
      { step: 'orders', left: 1 }
    ])
    await campaigns.end(id, ada)
    await campaigns.settle(id, ada)
    t.match(await stepsOf(id, later()), [{ step: 'settlement' }, { step: 'orders' }], 'an order may still be paid')
    const sale = { campaign: id, sale: 'phone', stock: 5 }
    decisionOf(await realGate.submit(move({ sale }, 'cancel', { user: 'ann', order, key: 'u:cancel' })))
    await waitFor(async () => (await campaigns.get(id)).settled, { what: 'the settlement' })
    const final = finalAt(await rulesOf(id))
    const waits = await waitsForArchive(pool, id, final - 1)
    t.match(waits[0], { step: 'final', left: 1 })
    t.match(waits[0]?.means, new Date(final).toISOString())
    t.match(waits[1], { step: 'report', left: 1 }, 'its decisions will be in the file alone')
    await storeFinal(pool, id, { ...ada, now: Date.now() })
    const done = async () => (await stepsOf(id, final)).length === 0
    await waitFor(done, { what: 'everything to have passed its last decision' })
    t.same(await campaignPlaces(pool, id), await counted(id), 'each decision is counted once')

    await campaigns.disqualify({ campaign: id, user: 'zoe' }, ada)
    await waitFor(async () => (await stepsOf(id, final)).length > 0, { what: 'a later decision to be waited for' })
    await waitFor(done, { what: 'it to be passed too' })
    t.same(await campaignPlaces(pool, id), await counted(id))
  }
)

t.test('the gate is told when a campaign is final that an earlier version has settled', async (t) => {
  const id = 'earlier'
  await publish(openDefinition(id))
  await campaigns.end(id, ada)
  await campaigns.settle(id, ada)
  await waitFor(async () => (await campaigns.get(id)).settled, { what: 'the settlement' })
  const before = finalAt(await rulesOf(id))
  await pool.query("update campaigns set rules = rules - 'endedAt' where campaign_id = $1", [id])
  const ended = async () => ((await campaigns.get(id)).rules as Rules).endedAt !== undefined
  await waitFor(ended, { what: 'its end to be noted' })
  const final = finalAt(await rulesOf(id))
  t.ok(final > before, 'from now on: when it ended is not known')
  const told = async () => (await realGate.read([`c:${id}`]))[0]?.final_at === String(final)
  await waitFor(told, { what: 'the gate to be told' })
  t.notOk((await stepsOf(id, later())).some(({ step }) => step === 'final date'))
})
