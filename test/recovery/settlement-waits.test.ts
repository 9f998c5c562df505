import type { Pool } from 'pg'
import t from 'tap'
import { Campaigns } from '../../src/campaign/lifecycle/lifecycle.ts'
import { SYSTEM_USER } from '../../src/gate/batch/commands.ts'
import { replayField } from '../../src/record/replay.ts'
import { endingChanges, findSettlement, storedEnds } from '../../src/store/campaigns/settlements.ts'
import { inTransaction } from '../../src/store/connection/transaction.ts'
import { lockTogether, readFollowerPlaces } from '../../src/store/following/places.ts'
import { ada, openDefinition, setUp } from '../campaign/at-the-gate.ts'
import { decisionOf, move } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

const { campaigns, core, publish, purchase, realGate } = await setUp(t)
const { pool } = core

const goal = { counter: 'order.paid', of: 'units', count: 1 }
const rewarded = { id: 'one', kind: 'task', title: 'One', per: 'campaign', goal, reward: { points: 20 } }

/** A sale, and a goal that is reached by what was paid in it. */
function definition(id: string) {
  const base = openDefinition(id)
  return { ...base, activities: [...base.activities, rewarded] }
}

const payment = (campaign: string, order: string) =>
  move({ sale: { campaign, sale: 'phone', stock: 5 } }, 'pay', {
    user: 'ann',
    order,
    amount: 299900,
    currency: 'CNY'
  })

t.test('a settlement waits until what came after the end is followed, and rewarded', async (t) => {
  const id = 'late'
  await publish(definition(id))
  const order = decisionOf(await purchase(id, 'ann')).order?.id ?? ''
  await campaigns.end(id, ada)
  await campaigns.settle(id, ada)
  const waitsFor = async () => (await findSettlement(pool, id))?.waitsFor?.step
  await waitFor(async () => (await waitsFor()) === 'orders', { what: 'the order to be waited for' })
  const isEndFollowed = async () => {
    const ends = await storedEnds(pool, SYSTEM_USER, (await endingChanges(pool, id)).map(replayField.intent))
    const { together, projected } = await readFollowerPlaces(pool, 0)
    return ends.every(({ stored }) => stored) && together !== undefined && together.sequence === projected.sequence
  }
  await waitFor(isEndFollowed, { what: 'the end to be followed' })
  await inTransaction(pool, async (session) => {
    // Postgres ends a transaction that does nothing for five seconds
    await session.query('set local idle_in_transaction_session_timeout = 0')
    // nobody follows meanwhile
    await lockTogether(session, 0)
    decisionOf(await realGate.submit(payment(id, order)))
    await waitFor(async () => (await waitsFor()) !== 'orders', { what: 'the payment to be stored' })
    t.equal((await campaigns.get(id)).settled, false)
    t.match(await campaigns.planSettlement(id), {
      left: [{ step: 'storing', left: 0 }, {}, {}, {}, { step: 'following', left: 1 }]
    })
    t.equal(await waitsFor(), 'following')
  })
  await waitFor(async () => (await campaigns.get(id)).settled, { what: 'the settlement' })
  const { rows } = await pool.query("select state from task_counts where campaign_id = $1 and user_id = 'ann'", [id])
  t.same(rows, [{ state: 'completed' }], 'before it was settled')
})

t.test('what a settlement would wait for is read at one moment, over one connection', async (t) => {
  const id = 'once'
  await publish(definition(id))
  await campaigns.end(id, ada)
  const asked: string[] = []
  const query: Pool['query'] = (...question: unknown[]) => {
    asked.push(String(question[0]))
    return (pool.query as (...all: unknown[]) => never)(...question)
  }
  const watched: Pool = Object.assign(Object.create(pool), { query })
  t.equal((await new Campaigns({ pool: watched, gate: realGate }).planSettlement(id)).left.length, 11)
  t.equal(asked.length, 1, 'the campaign itself; all else in a transaction')
})
