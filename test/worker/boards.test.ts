import fc from 'fast-check'
import tap, { test } from 'tap'
import { dayNumberAt } from '../../src/campaign/parts/local-time.ts'
import { boardKeys } from '../../src/record/keys.ts'
import { replayField } from '../../src/record/replay.ts'
import { tieOf } from '../../src/record/standing.ts'
import { lockBoard, resetBoard } from '../../src/store/boards/scores.ts'
import { inTransaction } from '../../src/store/connection/transaction.ts'
import type { Followed } from '../../src/store/following/followed.ts'
import { needsRecount } from '../../src/worker/following/kinds/board/count.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { aBoard, bought, count, NOON } from '../support/shop/board.ts'
import { aWorld, place, type World } from '../support/shop/board-world.ts'
import { aListener, store } from '../support/shop/followed.ts'

const urls = await sharedServers(tap)

/** What Redis holds of a period is lost. */
async function wipe({ redis, config }: World, period = place.period): Promise<void> {
  const { ranks, users, place: stand } = boardKeys(config.NAMESPACE, { ...place, period })
  await redis.del(ranks, users, stand)
}

// the case of the contract: A at 3, B at 3, the third of A comes back, A reaches 3 again
const again = [
  bought({ user: 'ann', units: 2, at: 1 }),
  bought({ user: 'ann', units: 1, at: 2 }),
  bought({ user: 'ben', units: 3, at: 3 }),
  bought({ user: 'ann', units: -1, at: 4 }),
  bought({ user: 'ann', units: 1, at: 5 }),
  bought({ user: 'eve', units: 1, at: 5 }),
  bought({ user: 'eve', units: -1, at: 6 })
]

test('who reached a score again is behind who stayed there; live, recounted in any order, and after a wipe', async (t) => {
  const world = await aWorld(t, urls)
  const { pool, shown } = world
  for (const decision of again) {
    await count(pool, aBoard(), [decision])
    await shown()
  }
  const expected = ['ben 3', 'ann 3']
  t.same(await shown(), expected, 'who gave all back is on no board')
  await inTransaction(pool, (client) => resetBoard(client, place))
  await count(pool, aBoard(), again.toReversed())
  t.same(await shown(), expected, 'counted again, the other way round')
  await wipe(world)
  await t.rejects(world.reader.top(place, 10), { code: 'unavailable' }, 'no ranks are no empty board')
  t.same(await shown(), expected)
  t.same(await world.reader.around(place, 'eve', 2).then(({ users }) => users), [])
})

test('scores are exact and apart from the time: amounts of six million yuan, a millisecond apart', async (t) => {
  const { pool, shown } = await aWorld(t, urls)
  const yuan = 600_000_000
  await count(pool, aBoard({ metric: 'amount' }), [
    bought({ user: 'late', units: 1, price: yuan, at: 2 }),
    bought({ user: 'early', units: 1, price: yuan, at: 1 }),
    bought({ user: 'more', units: 1, price: yuan + 1, at: 3 }),
    bought({ user: 'most', units: 1_000_000, price: 999_999_999, at: 9 }),
    bought({ user: 'less', units: 1, price: yuan - 1, at: 0 })
  ])
  t.same(await shown(), [
    'most 999999999000000',
    `more ${yuan + 1}`,
    `early ${yuan}`,
    `late ${yuan}`,
    `less ${yuan - 1}`
  ])
})

const moves = fc.array(
  fc.record({
    user: fc.integer({ min: 0, max: 4 }),
    units: fc.integer({ min: -2, max: 3 }),
    at: fc.integer({ min: 0, max: 3 }),
    shard: fc.integer({ min: 0, max: 2 })
  }),
  { maxLength: 25 }
)

/** The order by its definition: the sum, and the newest change of each user. */
function model(decisions: readonly Followed[]): string[] {
  const users = [...new Set(decisions.map(({ user }) => user))]
  return users
    .map((user) => {
      const own = decisions.filter((decision) => decision.user === user)
      const score = own.reduce(
        (sum, { type, record }) => sum + Number(record.split(';')[5]) * (type === 'order.paid' ? 1 : -1),
        0
      )
      const newest =
        own
          .map((decision) => `${String(decision.at).padStart(15, '0')} ${tieOf(decision)}`)
          .sort()
          .at(-1) ?? ''
      return { user, score, newest }
    })
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || (a.newest < b.newest ? -1 : 1))
    .map(({ user, score }) => `${user} ${score}`)
}

test('the order is that of sums and newest changes, whatever the order and the batches in which decisions come', async (t) => {
  const { pool, shown } = await aWorld(t, urls)
  await fc.assert(
    fc.asyncProperty(moves, fc.array(fc.nat(1000), { minLength: 25, maxLength: 25 }), async (list, order) => {
      const decisions = list
        .filter(({ units }) => units !== 0)
        .map((move, index) => bought({ ...move, user: `u${move.user}`, sequence: index + 1 }))
      const shuffled = decisions
        .map((decision, index) => ({ decision, key: order[index] ?? 0 }))
        .sort((a, b) => a.key - b.key)
      await inTransaction(pool, (client) => resetBoard(client, place))
      for (let from = 0; from < shuffled.length; from += 4)
        await count(
          pool,
          aBoard(),
          shuffled.slice(from, from + 4).map(({ decision }) => decision)
        )
      if (decisions.length === 0) return
      t.same(await shown(), model(decisions))
    }),
    { numRuns: 20 }
  )
})

test('what is decided from the end on does not count, and an end that is moved over it asks for a recount', async (t) => {
  const { pool, shown } = await aWorld(t, urls)
  const hour = 3_600_000
  const ended: Followed = {
    ...bought({ user: '$system', units: 1, at: 50 }),
    type: 'campaign.ended',
    record: ''
  }
  const counting = (closesAt: number) =>
    inTransaction(pool, (client) => lockBoard(client, place)).then((known) => needsRecount({ closesAt }, known))
  await count(pool, aBoard({}, NOON + 10), [
    bought({ user: 'ann', units: 1, at: 9 }),
    bought({ user: 'ben', units: 2, at: 10 }),
    bought({ user: 'cem', units: 1, at: 11 })
  ])
  t.same(await shown(), ['ann 1'], 'the closing time itself is too late')
  t.equal(await counting(NOON + 10), false)
  t.equal(await counting(NOON + 9), true, 'an end before what was counted')
  t.equal(await counting(NOON + hour), true, 'an end behind what came too late')
  await inTransaction(pool, (client) => resetBoard(client, place))
  const extended = aBoard({}, NOON + hour)
  await count(pool, extended, [bought({ user: 'cem', units: 1, at: 11 }), bought({ user: 'dan', units: 5, at: 60 })])
  t.equal(await counting(NOON + hour), false)
  await count(pool, extended, [
    ended,
    bought({ user: 'ann', units: 1, at: 51 }),
    bought({ user: 'ben', units: 2, at: 10 })
  ])
  t.same(await shown(), ['dan 5', 'ben 2', 'cem 1'])
  t.equal(await counting(NOON + hour), true, 'another shard had counted what came after the end')
})

test('days and weeks are those of the decision in the zone of the campaign', async (t) => {
  const { pool, shown } = await aWorld(t, urls)
  // NOON is a Saturday
  const halfDay = 12 * 3_600_000
  const days = [
    bought({ user: 'ann', units: 3, at: halfDay - 1 }),
    bought({ user: 'ben', units: 2, at: halfDay }),
    bought({ user: 'ann', units: -1, at: halfDay + 1 })
  ]
  const closesAt = NOON + 10 * 86_400_000
  await count(pool, aBoard({ period: 'day' }, closesAt), days)
  t.same(await shown('2026-11-28'), ['ann 3'])
  t.same(await shown('2026-11-29'), ['ben 2'], 'a return counts on its own day, and nobody is below zero')
  await inTransaction(pool, (client) => resetBoard(client, place))
  await count(pool, aBoard({ period: 'week' }, closesAt), [...days, bought({ user: 'eve', units: 1, at: 3 * halfDay })])
  t.same(await shown('2026-11-23'), ['ann 2', 'ben 2'].toReversed())
  t.same(await shown('2026-11-30'), ['eve 1'])
})

test('a friend counts for the time at which they qualified, although the credit came after the end', async (t) => {
  const { pool, shown } = await aWorld(t, urls)
  const qualified = (user: string, at: number, qualifiedAt: number): Followed => ({
    ...bought({ user, units: 1, at }),
    type: 'invite.qualified',
    activity: 'friends',
    record: '',
    request: { qualifiedAt: new Date(NOON + qualifiedAt).toISOString() }
  })
  await count(pool, aBoard({ metric: 'invites' }, NOON + 10), [
    qualified('ann', 30, 9),
    qualified('ann', 31, 10),
    qualified('ben', 5, 4),
    qualified('ben', 32, 8)
  ])
  t.same(await shown(), ['ben 2', 'ann 1'])
})

/** The decision that tells that a share was verified, or voided; what voids it may not know yet that it was verified. */
function ofShare(
  what: 'verified' | 'voided',
  share: string,
  { at, user = 'ann', verifiedAt = at }: { readonly at: number; readonly user?: string; readonly verifiedAt?: number }
): Followed {
  return {
    ...bought({ user, units: 1, at }),
    type: `share.${what}`,
    activity: 'sharing',
    record: '',
    key: what === 'voided' ? replayField.voiding(share) : replayField.credit(share, 'sharing/weibo'),
    request: {
      share,
      channel: 'weibo',
      ...(what === 'verified' && { verifiedAt: new Date(NOON + verifiedAt).toISOString() })
    }
  }
}

test('a share counts for the time of its verification, and is taken off once, and only if it had counted', async (t) => {
  const world = await aWorld(t, urls)
  const { pool, shown } = world
  const board = aBoard({ metric: 'shares' }, NOON + 20)
  const decisions = [
    ofShare('verified', 's1', { at: 1 }),
    ofShare('verified', 's2', { at: 2 }),
    ofShare('voided', 's1', { at: 3 }),
    // never verified, or the decision that was to tell it was refused
    ofShare('voided', 's3', { at: 4 }),
    // told too late: it was voided before
    ofShare('voided', 's4', { at: 5 }),
    ofShare('verified', 's4', { at: 6 }),
    ofShare('verified', 's5', { at: 30, user: 'ben', verifiedAt: 19 }),
    ofShare('verified', 's6', { at: 31, user: 'ben', verifiedAt: 20 }),
    ofShare('voided', 's5', { at: 32, user: 'ben' })
  ]
  await store(world, decisions)
  for (const decision of decisions) await count(pool, board, [decision])
  const expected = ['ann 1', 'ben 1']
  t.same(await shown(), expected, 'what is voided after the close changes nothing')
  await inTransaction(pool, (client) => resetBoard(client, place))
  await count(pool, board, decisions.toReversed())
  t.same(await shown(), expected, 'counted again, the other way round')
})

test('a spin that ended in another shard after midnight counts for the day on which it was drawn, with its points', async (t) => {
  const world = await aWorld(t, urls)
  const HOUR = 3_600_000
  const spins = ['ann', 'ben'].flatMap((user) => {
    const drawn = {
      ...bought({ user, units: 1, at: 12 * HOUR - 1 }),
      ...{ type: 'spin.drawn', activity: 'wheel', key: `u:${user}`, record: '', report: 'first,,1,,first,,0,' }
    }
    const end = {
      ...bought({ user, units: 1, at: 12 * HOUR + 500 }),
      ...{ type: 'spin.won', activity: 'wheel', key: replayField.spin(drawn.id), record: '' },
      report: 'first,,1,,first,,0,|points 5 5'
    }
    return [drawn, end]
  })
  await store(world, spins)
  const board = aBoard({ metric: 'points', period: 'day' })
  await count(world.pool, board, spins)
  t.same(await world.shown('2026-11-28'), ['ann 5', 'ben 5'])
  const { rows: periods } = await world.pool.query('select period from board_periods')
  t.same(periods, [{ period: '2026-11-28' }])
  const goal = { counter: 'spin', count: 1 }
  const task = aListener('spun', [{ id: 'spun', kind: 'task', title: 'Spun', per: 'day', goal, reward: { points: 1 } }])
  await inTransaction(world.pool, (session) => task.take(session, spins))
  const { rows } = await world.pool.query('select period, count(*)::integer as users from task_counts group by period')
  t.same(rows, [{ period: String(dayNumberAt(NOON, 'Asia/Shanghai')), users: 2 }])
})
