import t from 'tap'
import { closeReview } from '../../src/store/campaigns/reviews.ts'
import { freshDatabase } from '../support/servers/database.ts'
import { sharedServers } from '../support/servers/servers.ts'

const { pool } = await freshDatabase(t, (await sharedServers(t)).databaseUrl)

async function reviewOf(what: { win?: string; cause?: string }): Promise<number> {
  const { rows } = await pool.query<{ id: number }>(
    `insert into reviews (campaign_id, win_id, cause, role) values ('c', $1, $2::text, case when $2::text is null then null else 'r' end)
     returning review_id as id`,
    [what.win ?? null, what.cause ?? null]
  )
  return rows[0]?.id ?? 0
}

const close = (id: number, state: 'approved' | 'rejected', operator: string) =>
  closeReview(pool, id, { state, operator, reason: undefined })
const stateOf = async (id: number) => {
  const { rows } = await pool.query('select state, decided_by as by from reviews where review_id = $1', [id])
  return rows[0]
}

t.test(
  'a win that was approved and rejected at once is revoked, so it is rejected, in whichever order that is noted',
  async (t) => {
    const [one, other] = [await reviewOf({ win: '0-1-1' }), await reviewOf({ win: '0-1-2' })]
    t.equal(await close(one, 'approved', 'ada'), true)
    t.equal(await close(one, 'rejected', 'ben'), true)
    t.same(await stateOf(one), { state: 'rejected', by: 'ben' })
    t.equal(await close(other, 'rejected', 'ben'), true)
    t.equal(await close(other, 'approved', 'ada'), false)
    t.same(await stateOf(other), { state: 'rejected', by: 'ben' })
  }
)

t.test('a reward is decided by who came first', async (t) => {
  const id = await reviewOf({ cause: '0-1-3' })
  t.equal(await close(id, 'approved', 'ada'), true)
  t.equal(await close(id, 'rejected', 'ben'), false)
  t.same(await stateOf(id), { state: 'approved', by: 'ada' })
})
