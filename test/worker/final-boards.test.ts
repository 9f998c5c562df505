import type { Pool } from 'pg'
import { pino } from 'pino'
import tap, { test } from 'tap'
import type { Publisher } from '../../src/journal/publisher.ts'
import { streamNames } from '../../src/journal/subjects.ts'
import { boardKeys } from '../../src/record/keys.ts'
import { hasReadUntil } from '../../src/store/boards/freezing.ts'
import { frozenRanks, heldPlaces } from '../../src/store/boards/ranks.ts'
import { FollowedTimes } from '../../src/worker/boards/followed.ts'
import { freezePeriod, type TopRank } from '../../src/worker/boards/freeze.ts'
import { BoardFreezer } from '../../src/worker/boards/freeze-due.ts'
import { tellFrozen } from '../../src/worker/boards/tell.ts'
import type { BoardInForce } from '../../src/worker/following/kinds/board/count.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { aBoard, bought, count, NOON } from '../support/shop/board.ts'
import { aWorld, place } from '../support/shop/board-world.ts'

const urls = await sharedServers(tap)

test('all before a moment is read once a frame that came late is', async (t) => {
  const { pool } = await aWorld(t, urls)
  const shard = 5
  const frame = (batch: number, sequence: number) =>
    pool.query(
      `insert into frames (shard, epoch, batch, stream_epoch, stream_sequence, decided_at, decisions, first_sequence)
       values ($1, 7, $2::bigint, 7, $3, to_timestamp($2::bigint), 1, $2::bigint)`,
      [shard, batch, sequence]
    )
  await pool.query('insert into openings (shard, epoch, complete_batch) values ($1, 7, 1)', [shard])
  const isRead = (sequence: number) => hasReadUntil(pool, { shard, place: { epoch: 7, sequence }, moment: 2500 })
  await frame(1, 1)
  await frame(3, 2)
  t.equal(await isRead(2), false, 'the second frame is nowhere yet')
  await frame(2, 3)
  await pool.query('update openings set complete_batch = 3 where shard = $1', [shard])
  t.equal(await isRead(2), false, 'it is stored, and not read')
  t.equal(await isRead(3), true)
})

test('what a shard decided while its clock stood still is met before anything is final', async (t) => {
  const { pool } = await aWorld(t, urls)
  const stood = NOON
  let stored = 0
  const frame = async (at: number) => {
    stored += 1
    await pool.query(
      `insert into frames (shard, epoch, batch, stream_epoch, stream_sequence, decided_at, decisions, first_sequence)
       values (0, 7, $1, 7, $1, to_timestamp($2 / 1000.0), 1, $1)`,
      [stored, at]
    )
    await pool.query('update openings set complete_batch = $1 where shard = 0 and epoch = 7', [stored])
  }
  const follow = (sequence: number) =>
    pool.query("update reader_places set epoch = 7, sequence = $1 where name = 'following' and shard = 0", [sequence])
  await pool.query('insert into openings (shard, epoch, complete_batch) values (0, 7, 0)')
  await pool.query("insert into reader_places (name, shard, epoch, sequence) values ('following', 0, 7, 0)")
  const depths = async () => ({ outbox: 0, kept: 1 })
  const followed = new FollowedTimes({ pool, gate: { depths }, clocks: [async () => stood] })
  await frame(stood)
  await frame(stood)
  const until = await followed.clock()
  await follow(1)
  t.equal(await followed.hasPassed('c', until), false, 'the second one is of the same moment')
  await frame(stood + 1)
  await follow(3)
  t.equal(await followed.hasPassed('c', until), true)
})

test('a freeze leaves out who is disqualified when it begins, goes on where it was killed, and awards each rank once', async (t) => {
  const { pool, shown, redis, config, keep } = await aWorld(t, urls)
  const tops = [
    { upTo: 2, reward: null, title: 'Champion' },
    { upTo: 10, reward: null }
  ]
  const { rules, board } = aBoard({ top: tops })
  const users = Array.from({ length: 12 }, (_, index) => `u${index + 1}`)
  await count(
    pool,
    { rules, board },
    users.map((user, index) => bought({ user, units: 100 - index, at: index }))
  )
  await shown()
  await pool.query("insert into campaigns (campaign_id, author) values ('c', 'ada')")
  const standing = (user: string, type: string) =>
    pool.query(
      `insert into intents (campaign_id, user_id, type, puts, adds, request, created_by, state, closed_at)
       values ('c', $1, $2, '[]', '[]', '{}', 'ada', 'applied', clock_timestamp())`,
      [user, type]
    )
  await standing('u3', 'user.disqualified')
  await standing('u5', 'user.disqualified')
  await standing('u5', 'user.requalified')
  const awarded: string[] = []
  let isKilled = true
  const award = async (_client: unknown, ranks: readonly TopRank[]) => {
    if (isKilled) throw new Error('killed')
    awarded.push(...ranks.map(({ rank, user, row }) => `${rank} ${user} ${row}`))
  }
  await t.rejects(freezePeriod({ pool, award }, { ...place, board }), { message: 'killed' })
  await standing('u2', 'user.disqualified')
  isKilled = false
  await count(pool, { rules, board }, [bought({ user: 'late', units: 1000, at: 1 })])
  await freezePeriod({ pool, award }, { ...place, board })
  await freezePeriod({ pool, award }, { ...place, board })
  const order = ['u1', 'u2', 'u4', 'u5', 'u6', 'u7', 'u8', 'u9', 'u10', 'u11', 'u12']
  const frozen = await frozenRanks(pool, place, { from: 1, limit: 100 })
  t.same(
    frozen.map(({ rank, user }) => `${rank} ${user}`),
    order.map((user, index) => `${index + 1} ${user}`)
  )
  t.same(
    awarded,
    order.slice(0, 10).map((user, index) => `${index + 1} ${user} ${index < 2 ? 0 : 1}`)
  )
  t.match(await heldPlaces(pool, 'c', 'u2'), [{ board: 'top', rank: 2, topRow: 0 }])
  t.same(await heldPlaces(pool, 'c', 'u12'), [])
  await keep()
  const keys = Object.values(boardKeys(config.NAMESPACE, place))
  t.equal(await redis.exists(...keys), 0, 'a frozen order is in Postgres, so Redis drops it')
})

/** A campaign in Postgres as a publication leaves it. */
async function publishCampaign(pool: Pool, { rules, board }: BoardInForce, settled = false): Promise<void> {
  await pool.query(
    `insert into campaigns (campaign_id, author, published_version, rules, settled, ended) values ('c', 'ada', 1, $1, $2, $2)
     on conflict (campaign_id) do update set rules = excluded.rules, settled = excluded.settled, ended = excluded.ended`,
    [JSON.stringify({ ...rules, activities: [board] }), settled]
  )
  await pool.query('update campaign_revision set value = value + 1')
}

const silent = pino({ level: 'silent' })
const periodsOf = async (pool: Pool) => {
  const { rows } = await pool.query<{ name: string }>(
    "select period || ' ' || state as name from board_periods order by period"
  )
  return rows.map(({ name }) => name)
}

test('a day is final once it is over and all of it is counted; the last one waits for the settlement', async (t) => {
  const { pool } = await aWorld(t, urls)
  const halfDay = 12 * 3_600_000
  const midnight = NOON + halfDay
  // open on two days; it closes at noon of the second one
  const top = [{ upTo: 1, reward: { units: { points: 5 }, chances: {}, entitlement: '', doubler: null } }]
  const inForce = aBoard({ period: 'day', top }, midnight + halfDay)
  await publishCampaign(pool, inForce)
  await count(pool, inForce, [bought({ user: 'ann', units: 1, at: 0 }), bought({ user: 'ben', units: 2, at: halfDay })])
  const state = { now: midnight - 1, passed: false }
  const asked: number[] = []
  const hasPassed = async (_campaign: string, moment: number) => {
    asked.push(moment)
    return state.passed
  }
  const followed = { hasPassed, clock: async () => state.now }
  const freezer = new BoardFreezer({ pool, shards: [0], followed, logger: silent, now: () => state.now })
  const step = async () => {
    await freezer.step()
    return periodsOf(pool)
  }
  t.same(await step(), ['2026-11-28 counting', '2026-11-29 counting'], 'a millisecond too early')
  state.now = midnight
  t.same(await step(), ['2026-11-28 counting', '2026-11-29 counting'], 'a decision of the day may still come')
  t.same(asked, [midnight])
  state.passed = true
  await pool.query(
    `insert into credits (campaign_id, cause, role, activity_id, action, user_id, day) values
       ('c', '0-1-7', 'friends/inviter', 'friends', 'inviter', 'ann', 1)`
  )
  t.same(await step(), ['2026-11-28 counting', '2026-11-29 counting'], 'something is due for what others did')
  await pool.query("update credits set next_attempt_at = null, state = 'done'")
  const drawSpin = (sequence: number, at: number) =>
    pool.query("insert into drawn_spins values (0, 1, $1, 'c', 'wheel', 'ann', to_timestamp($2 / 1000.0))", [
      sequence,
      at
    ])
  await drawSpin(1, midnight)
  await drawSpin(2, midnight - 1)
  t.same(await step(), ['2026-11-28 counting', '2026-11-29 counting'], 'a spin of the day has no prize yet')
  await pool.query('delete from drawn_spins where sequence = 2')
  t.same(await step(), ['2026-11-28 frozen', '2026-11-29 counting'])
  const { rows } = await pool.query<{ cause: string }>(
    "select cause || ' ' || role || ' ' || user_id as cause from credits where cause like 'board%'"
  )
  t.same(rows, [{ cause: 'board/c/top/2026-11-28 1 ann' }])
  await pool.query('delete from drawn_spins')
  state.now = midnight + halfDay + 1000
  t.same(await step(), ['2026-11-28 frozen', '2026-11-29 counting'], 'the campaign may still be extended')
  await publishCampaign(pool, inForce, true)
  t.same(await step(), ['2026-11-28 frozen', '2026-11-29 frozen'])
  t.same(
    asked.slice(-2),
    [midnight + halfDay, state.now],
    'cut where the campaign closed, and what was due until now is met'
  )
  const told: string[] = []
  const publisher: Publisher = {
    publish: async () => ({ acked: false, reason: 'away' }),
    publishChain: async (events) => {
      told.push(...events.map(({ id }) => id))
      return told.length > 2 ? { acked: true, sequence: 2, duplicate: false } : { acked: false, reason: 'away' }
    },
    pending: () => 0,
    close: () => {}
  }
  const tell = () => tellFrozen({ pool, publisher, names: streamNames('floodgate') })
  const ids = ['board.frozen:c:top:2026-11-28', 'board.frozen:c:top:2026-11-29']
  await tell()
  await tell()
  await tell()
  t.same(told, [...ids, ...ids], 'told until it is stored, and then not again')
})

test('a campaign that is settled freezes its board also where nobody has a score', async (t) => {
  const { pool } = await aWorld(t, urls)
  const inForce = aBoard()
  const freezer = new BoardFreezer({
    pool,
    shards: [0],
    followed: { hasPassed: async () => true, clock: async () => NOON },
    logger: silent,
    now: () => NOON + 1e9
  })
  await publishCampaign(pool, inForce)
  await freezer.step()
  t.same(await periodsOf(pool), [])
  await publishCampaign(pool, inForce, true)
  await freezer.step()
  t.same(await periodsOf(pool), ['campaign frozen'])
  await freezer.step()
  t.same(await frozenRanks(pool, place, { from: 1, limit: 10 }), [])
})
