import t from 'tap'
import { takenFrom } from '../../src/campaign/actions/disqualification.ts'
import type { Rules } from '../../src/campaign/definition/rules.ts'
import { balanceField, userField } from '../../src/record/fields.ts'
import { replayField } from '../../src/record/replay.ts'
import { freshDatabase } from '../support/servers/database.ts'
import { sharedServers } from '../support/servers/servers.ts'

const { pool } = await freshDatabase(t, (await sharedServers(t)).databaseUrl)
const rules = {
  id: 'c',
  activities: [],
  units: { points: { scope: 'account' }, stars: { scope: 'campaign' } }
} as unknown as Rules
const points = { scope: '', unit: 'points' }
const stars = { scope: 'c', unit: 'stars' }

/** A decision of a user by which the campaign gave something. */
async function gives(
  user: string,
  { sequence, key }: { readonly sequence: number; readonly key: string },
  given: ReadonlyArray<typeof points & { delta: number }>
) {
  await pool.query(
    `insert into decisions (shard, epoch, sequence, batch, type, user_id, key, hash, campaign_id, activity_id, session_id, entity, at, request,
       adds, puts, record, report)
     values (0, 1, $1, $1, 'task.completed', $2, $3, '', 'c', 'a', '', '', now(), '{}', '{}', '{}', '', '')`,
    [sequence, user, key]
  )
  for (const { scope, unit, delta } of given)
    await pool.query(
      `insert into ledger (shard, epoch, sequence, user_id, scope, unit, campaign_id, activity_id, delta, type, at)
       values (0, 1, $1, $2, $3, $4, 'c', 'a', $5, 'task.completed', now())`,
      [sequence, user, scope, unit, delta]
    )
}

const there = (amounts: Record<string, number>) => ({
  fieldsOf: async () => Object.fromEntries(Object.entries(amounts).map(([field, amount]) => [field, String(amount)]))
})

t.test(
  'a reward for what others did is left to those who take it back, before its row says that it was given',
  async (t) => {
    await gives('ann', { sequence: 1, key: 'u:own' }, [{ ...points, delta: 5 }])
    await gives('ann', { sequence: 2, key: replayField.credit('0-1-1', 'friends/qualified') }, [
      { ...points, delta: 7 }
    ])
    const reader = there({ [balanceField(points)]: 12 })
    t.match(await takenFrom({ pool, reader }, { rules, user: 'ann' }), {
      taken: [{ amount: 5, there: 12 }],
      earnedPoints: 5
    })
  }
)

t.test('who was let in again keeps what came after the exclusion', async (t) => {
  const given = [
    { ...points, delta: 5 },
    { ...stars, delta: 3 }
  ]
  await gives('bob', { sequence: 11, key: 'u:before' }, given)
  await gives('bob', { sequence: 12, key: replayField.intent(1) }, [])
  await gives('bob', { sequence: 13, key: 'u:after' }, given)
  const reader = there({ [balanceField(points)]: 10, [balanceField(stars)]: 6 })
  const amounts = async (until?: { epoch: number; sequence: number }) => {
    const { taken, earnedPoints } = await takenFrom({ pool, reader }, { rules, user: 'bob', until })
    return [...taken.map(({ unit, amount }) => [unit, amount]).toSorted(), earnedPoints]
  }
  t.same(await amounts({ epoch: 1, sequence: 12 }), [['points', 5], ['stars', 3], 5])
  t.same(await amounts(), [['points', 10], ['stars', 6], 10])
})

t.test('what has expired is not taken, and is counted for those who take back the rest', async (t) => {
  await gives('cem', { sequence: 21, key: 'u:own' }, [{ ...points, delta: 90 }])
  const expiring = {
    ...rules,
    units: { points: { scope: 'account', expiresAt: '2027-03-31T23:59:59Z' } }
  } as unknown as Rules
  const field = userField.expired('c', 'points')
  const taken = async (expired: string) => {
    const reader = {
      fieldsOf: async () => ({ [balanceField(points)]: '200', ...(expired !== '' && { [field]: expired }) })
    }
    return (await takenFrom({ pool, reader }, { rules: expiring, user: 'cem' })).taken
  }
  t.match(await taken(''), [{ amount: 90, expiring: { field, amount: 90 } }], 'it may expire before the gate decides')
  t.match(await taken('50;0;1-21;1-22'), [{ amount: 40, expiring: { amount: 90 } }])
  t.match(await taken('10;50;1-21;1-22'), [{ amount: 30, expiring: { amount: 40 } }], 'an earlier one counted 50')
  t.same(await taken('0;90;1-21;1-22'), [], 'an earlier one counted all')
})
