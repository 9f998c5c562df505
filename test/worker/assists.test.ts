import fc from 'fast-check'
import tap, { test } from 'tap'
import { replayField } from '../../src/record/replay.ts'
import { tieOf } from '../../src/record/standing.ts'
import { resetBoard } from '../../src/store/boards/scores.ts'
import { progressOfUser } from '../../src/store/campaigns/progress.ts'
import { inTransaction } from '../../src/store/connection/transaction.ts'
import { insideUser } from '../../src/store/connection/user-name.ts'
import type { Followed } from '../../src/store/following/followed.ts'
import type { Listener } from '../../src/worker/following/listener.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { aBoard, bought, count, NOON } from '../support/shop/board.ts'
import { aWorld, place } from '../support/shop/board-world.ts'
import { aListener, growing, store } from '../support/shop/followed.ts'
import { waitFor } from '../support/wait.ts'

// Assists and the end of their shares are decisions of different users: whatever comes first, the same counts.

const urls = await sharedServers(tap)
const HOUR = 3_600_000
const closesAt = NOON + 240 * HOUR

/** Who listens for a task whose goal nobody reaches. */
function aGoal(id: string, goal: { readonly counter: string; readonly activity?: string }): Listener {
  const task = { id, kind: 'task', per: 'campaign', goal: { ...goal, count: 1000 }, reward: { points: 1 } }
  return aListener(id, [...growing, task])
}

interface Told {
  readonly what: 'given' | 'voided'
  readonly assist: string
  readonly share: string
  readonly sharer: string
  readonly at: number
  readonly shard?: number
}

/** A decision of a helper: an assist has the id of the decision that gave it. */
function ofAssist({ what, assist, share, sharer, at, shard = 1 }: Told): Followed {
  const sequence = Number(assist.split('-').at(-1)) + (what === 'given' ? 0 : 1000)
  return {
    ...bought({ user: `helper of ${assist}`, units: 1, at, shard, sequence }),
    type: `assist.${what}`,
    activity: 'help',
    record: '',
    ...(what === 'given'
      ? { id: assist, report: `${share},${sharer},1` }
      : { request: { assist, share, sharer, givenAt: new Date(NOON).toISOString() } })
  }
}

const shareVoided = (share: string, sharer: string, at: number): Followed => ({
  ...bought({ user: sharer, units: 1, at }),
  type: 'share.voided',
  activity: 'sharing',
  record: '',
  request: { share, channel: 'wechat' }
})

test('who was helped first to a score is first; a voided share takes all its assists off, in Redis too', async (t) => {
  const { pool, shown } = await aWorld(t, urls)
  const board = aBoard({ metric: 'assists', activity: 'help' }, NOON + 100)
  const zoe = insideUser('zoë') ?? ''
  const given = (n: number, share: string, at: number) => {
    const sharer = { s1: 'ann', s2: 'ben', s3: zoe }[share] ?? 'ben'
    return ofAssist({ what: 'given', assist: `1-1-${n}`, share, sharer, at })
  }
  const decisions = [given(1, 's1', 1), given(2, 's1', 2), given(3, 's2', 3), given(4, 's2', 4), given(5, 's3', 5)]
  await count(pool, board, decisions)
  t.same(await shown(), ['ann 2', 'ben 2', `${zoe} 1`])
  const late = [
    ofAssist({ what: 'voided', assist: '1-1-5', share: 's3', sharer: 'zoë', at: 6 }),
    ofAssist({ what: 'voided', assist: '1-1-4', share: 's2', sharer: 'ben', at: 7 }),
    // that of its share was first, and is met last
    shareVoided('s2', 'ben', 5),
    given(6, 's4', 6),
    given(7, 's1', 101)
  ]
  for (const decision of late) await count(pool, board, [decision])
  const expected = ['ann 2', 'ben 1']
  t.same(await shown(), expected, 'what is given after the close does not count')
  await count(pool, board, [shareVoided('s1', 'ann', 100)])
  t.same(await shown(), expected, 'and what is voided after it changes nothing')
  await inTransaction(pool, (client) => resetBoard(client, place))
  await count(pool, board, [...decisions, ...late].toReversed())
  t.same(await shown(), expected, 'counted again, the other way round')
})

const worlds = fc.record({
  assists: fc.array(
    fc.record({
      share: fc.nat(3),
      givenAt: fc.nat(4),
      /** how long after it was given it was voided; negative for never */
      after: fc.integer({ min: -3, max: 4 })
    }),
    { minLength: 1, maxLength: 14 }
  ),
  /** by share: when it was voided; negative for never */
  voids: fc.array(fc.integer({ min: -2, max: 6 }), { minLength: 4, maxLength: 4 }),
  order: fc.array(fc.nat(1000), { minLength: 40, maxLength: 40 })
})

/** What happened, and the decisions that tell it, in any order. Two shares each are of one user; moments are six hours apart. */
function happened({ assists, voids, order }: typeof worlds extends fc.Arbitrary<infer World> ? World : never) {
  const sharerOf = (share: number) => `u${share % 2}`
  const told = assists.map(({ share, givenAt, after }, index) => {
    const named = { assist: `1-1-${index + 1}`, share: `s${share}`, sharer: sharerOf(share) }
    const at = givenAt * 6 * HOUR
    const given = ofAssist({ ...named, what: 'given', at })
    return {
      given,
      share,
      ...(after >= 0 && { voided: ofAssist({ ...named, what: 'voided', at: at + after * 6 * HOUR }) })
    }
  })
  const ended = voids.map((at, share) =>
    at < 0 ? undefined : shareVoided(`s${share}`, sharerOf(share), at * 6 * HOUR)
  )
  const decisions = [...told.flatMap(({ given, voided }) => [given, ...(voided ? [voided] : [])]), ...ended]
    .flatMap((decision) => decision ?? [])
    .map((decision, index) => ({ decision, key: order[index] ?? 0 }))
    .sort((a, b) => a.key - b.key)
    .map(({ decision }) => decision)
  const all = told.map(({ given, share, voided }) => ({ given, sharer: sharerOf(share), ends: [voided, ended[share]] }))
  return { decisions, all }
}

const when = (decision: Followed) => `${decision.at} ${tieOf(decision)}`

/** The scores of each local day by their definition. */
function model({ all }: ReturnType<typeof happened>): string[] {
  const moves = all.flatMap(({ given, sharer, ends }) => {
    const gone = ends.flatMap((decision) => decision ?? []).sort((a, b) => (when(a) < when(b) ? -1 : 1))[0]
    if (gone !== undefined && when(gone) < when(given)) return []
    return [{ sharer, by: given, delta: 1 }, ...(gone ? [{ sharer, by: gone, delta: -1 }] : [])]
  })
  const scores = new Map<string, { score: number; newest: string }>()
  for (const { sharer, by, delta } of moves) {
    const name = `${new Date(by.at + 8 * HOUR).toISOString().slice(0, 10)} ${sharer}`
    const known = scores.get(name) ?? { score: 0, newest: '' }
    scores.set(name, { score: known.score + delta, newest: known.newest > when(by) ? known.newest : when(by) })
  }
  return [...scores]
    .filter(([, { score }]) => score > 0)
    .map(([name, { score, newest }]) => `${name} ${score} ${newest}`)
    .sort()
}

test('scores by assists and when they were reached are the same, in whatever order and portions decisions come', async (t) => {
  const { pool } = await aWorld(t, urls)
  const board = aBoard({ metric: 'assists', period: 'day' }, closesAt)
  await fc.assert(
    fc.asyncProperty(worlds, fc.integer({ min: 1, max: 6 }), async (world, portion) => {
      const { decisions, all } = happened(world)
      await inTransaction(pool, (client) => resetBoard(client, place))
      for (let from = 0; from < decisions.length; from += portion)
        await count(pool, board, decisions.slice(from, from + portion))
      const { rows } = await pool.query<{ row: string }>(
        `select concat_ws(' ', period, user_id, score, reached_at, tie) as row from board_scores where score > 0`
      )
      t.same(rows.map(({ row }) => row).sort(), model({ decisions, all }))
    }),
    { numRuns: 40 }
  )
})

test('a goal counts the assists that stand, in whatever order and portions decisions come', async (t) => {
  const { pool } = await aWorld(t, urls)
  let run = 0
  await fc.assert(
    fc.asyncProperty(worlds, fc.integer({ min: 1, max: 6 }), async (world, portion) => {
      run += 1
      const { decisions, all } = happened(world)
      const task = aGoal(`loved-${run}`, { counter: 'assist.received', activity: 'help' })
      for (let from = 0; from < decisions.length; from += portion)
        await inTransaction(pool, (session) => task.take(session, decisions.slice(from, from + portion)))
      for (const user of ['u0', 'u1']) {
        const progress = await progressOfUser(pool, user, 'c')
        const counted = progress.find((each) => each.task === `loved-${run}`)?.count ?? 0
        const standing = all.filter(({ sharer, ends }) => sharer === user && ends.every((end) => end === undefined))
        t.equal(counted, standing.length)
      }
    }),
    { numRuns: 40 }
  )
})

/** Decisions that tell something of a user, and that undo it, as credits and operators have them decided. */
const pairs = {
  'share.verified': (n: number, what: 'told' | 'undone') => ({
    type: what === 'told' ? 'share.verified' : 'share.voided',
    activity: 'sharing',
    key: what === 'told' ? replayField.credit(`s${n}`, 'sharing/weibo') : replayField.voiding(`s${n}`),
    // who voids it may not know yet that it was verified
    request: { share: `s${n}`, channel: 'weibo', ...(what === 'told' && { verifiedAt: new Date(NOON).toISOString() }) }
  }),
  'invite.qualified': (n: number, what: 'told' | 'undone') => ({
    type: what === 'told' ? 'invite.qualified' : 'invite.voided',
    activity: 'friends',
    key:
      what === 'told'
        ? replayField.credit(`i${n}/qualified`, `friends/${n % 2 === 0 ? 'inviter' : 'qualified'}`)
        : replayField.credit(`i${n}`, 'friends/voided'),
    request: {
      invite: `i${n}`,
      qualifiedAt: new Date(NOON).toISOString(),
      ...(what === 'undone' && { reason: 'RETURNED' })
    }
  })
}

for (const [counter, named] of Object.entries(pairs)) {
  test(`a goal ${counter} counts what was told and not undone, whichever was decided first`, async (t) => {
    const world = await aWorld(t, urls)
    const { pool } = world
    const task = aGoal('known', { counter })
    const board = aBoard({ metric: counter === 'share.verified' ? 'shares' : 'invites' }, closesAt)
    const decided = (n: number, what: 'told' | 'undone'): Followed => ({
      ...bought({ user: 'ann', units: 1, at: n }),
      record: '',
      ...named(n, what)
    })
    const orders = [['told'], ['told', 'undone'], ['undone', 'told'], ['undone'], ['told'], ['undone', 'told']] as const
    const decisions = orders.flatMap((order, n) => order.map((what) => decided(n, what)))
    await store(world, decisions)
    const counts = []
    for (const decision of decisions) {
      await inTransaction(pool, (session) => task.take(session, [decision]))
      await count(pool, board, [decision])
      counts.push((await progressOfUser(pool, 'ann', 'c'))[0]?.count ?? 0)
    }
    t.same(counts, [1, 2, 1, 1, 1, 1, 2, 2, 2])
    t.same(await world.shown(), ['ann 2'])
  })
}

test('a share that is voided while its last assist is read by somebody else gives nothing', async (t) => {
  const { pool } = await aWorld(t, urls)
  const helping = aListener('help', growing)
  const given = ['1-1-1', '1-1-2'].map((assist, at) =>
    ofAssist({ what: 'given', assist, share: '0-1-1', sharer: 'ann', at })
  )
  const credits = () => pool.query(`select 1 from credits where not voided`)
  const voiding = await pool.connect()
  try {
    await voiding.query('begin')
    await helping.take(voiding, [shareVoided('0-1-1', 'ann', 5)])
    // they are stored only now, so what voids the share has not seen them
    for (const { id, user } of given) {
      await pool.query(
        `insert into assists (shard, assist_id, campaign_id, activity_id, share_id, sharer_id, user_id, epoch, sequence, given_at)
         values (1, $1, 'c', 'help', '0-1-1', 'ann', $2, 1, 1, now())`,
        [id, user]
      )
    }
    let isOver = false
    const taking = inTransaction(pool, (session) => helping.take(session, given)).finally(() => {
      isOver = true
    })
    const waits = async () => {
      const { rows } = await pool.query(
        `select 1 from pg_stat_activity where wait_event = 'advisory' and query like '%assists of%' and application_name = 'floodgate-test'`
      )
      return isOver || rows.length > 0
    }
    await waitFor(waits, { what: 'the assists to be read, or to wait for the void' })
    await voiding.query('commit')
    await taking
  } finally {
    voiding.release()
  }
  t.same((await credits()).rows, [])
})
