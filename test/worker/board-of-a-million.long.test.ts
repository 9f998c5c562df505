import type { Pool } from 'pg'
import t, { type Test } from 'tap'
import { createBoardFinder } from '../../src/http/boards/find-board.ts'
import { boardKeys } from '../../src/record/keys.ts'
import { freezePeriod } from '../../src/worker/boards/freeze.ts'
import { tookAtMost } from '../support/running/pace.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { aBoard, NOON } from '../support/shop/board.ts'
import { aWorld, place } from '../support/shop/board-world.ts'
import { waitFor } from '../support/wait.ts'

const USERS = Number(process.env.FLOODGATE_TEST_USERS ?? 1_000_000)
const READS = 300
const MEDIAN_MS = 10
// one statement writes a part of the users: connections give up after five seconds
const PART = 50_000

const urls = await sharedServers(t)

/** Half of the users have one score. */
async function seed(pool: Pool): Promise<void> {
  await pool.query(
    `insert into board_periods (campaign_id, board_id, period, version, as_of) values ('c', 'top', 'campaign', 1, $1)`,
    [NOON]
  )
  for (let from = 0; from < USERS; from += PART) {
    await pool.query(
      `insert into board_scores (campaign_id, board_id, period, user_id, score, reached_at, tie, version)
       select 'c', 'top', 'campaign', 'user-' || n, case when n % 2 = 0 then 1000 else n end, $1::bigint + n % 977,
         lpad(n::text, 19, '0'), 1
       from generate_series($2::bigint, $3) as n`,
      [NOON, from, Math.min(from + PART, USERS) - 1]
    )
  }
}

/** The figures must not come from an index that happens to be small. */
async function showPlans(t: Test, pool: Pool): Promise<void> {
  const plans = [
    `select rank, user_id, score from board_ranks where campaign_id = 'c' and board_id = 'top' and period = 'campaign'
     and rank >= 1 and rank < 101 order by rank`,
    `select rank from board_ranks where campaign_id = 'c' and user_id = 'user-77' and board_id = 'top' and period = 'campaign'`,
    `select user_id, score, -score as down, reached_at, tie from board_scores
     where campaign_id = 'c' and board_id = 'top' and period = 'campaign' and score > 0
       and (-score, reached_at, tie, user_id) > (-1000::bigint, ${NOON + 500}::bigint, '0', '')
     order by -score, reached_at, tie, user_id limit 1000`
  ]
  for (const statement of plans) {
    const { rows } = await pool.query<{ 'QUERY PLAN': string }>(`explain (analyze, costs off, timing off) ${statement}`)
    const plan = rows.map((row) => row['QUERY PLAN'])
    for (const line of plan) t.comment(line)
    t.notMatch(
      plan.join('\n'),
      /Seq Scan|Sort|Rows Removed/,
      'it begins where it has to, and reads no more than it returns'
    )
  }
}

t.test(`a board of ${USERS} users, half of them with one score: first hundred, own rank and neighbours`, async (t) => {
  const world = await aWorld(t, urls)
  const { pool, redis, reader, config } = world
  await seed(pool)
  const finder = () => createBoardFinder({ pool, boards: reader, now: Date.now })
  const userAt = (read: number) => `user-${Math.floor((read * USERS) / READS)}`

  async function measured(what: string): Promise<void> {
    const took: number[] = []
    for (let read = 0; read < READS; read += 1) {
      // a finder of its own remembers nothing
      const boards = finder()
      const startedAt = performance.now()
      const found = await boards.top(place)
      const around = await boards.around(found, userAt(read))
      took.push(performance.now() - startedAt)
      if (found.users.length !== 100 || around.length === 0) t.fail('a reading is not whole')
    }
    const median = took.sort((a, b) => a - b)[READS / 2] ?? 0
    tookAtMost(t, `median of the reading of ${what}`, { ms: median, boundMs: MEDIAN_MS })
  }

  const orderOf = async () => {
    const boards = finder()
    const found = await boards.top(place)
    const own = await Promise.all([1, 99, 150].map((read) => boards.around(found, userAt(read))))
    return { top: found.users, own }
  }
  const { ranks, users, place: stand } = boardKeys(config.NAMESPACE, place)
  const write = async () => {
    const startedAt = performance.now()
    const isWritten = async () => {
      await world.keep()
      return (await redis.exists(stand)) === 1
    }
    await waitFor(() => isWritten().catch(() => false), { what: 'the ranks to be written', deadlineMs: 600_000 })
    t.comment(`ranks of ${USERS} users were written to Redis in ${Math.round(performance.now() - startedAt)} ms`)
  }
  await write()
  await measured('a board that counts')
  const before = await orderOf()
  t.comment(`Redis holds ${await redis.memory('USAGE', ranks)} + ${await redis.memory('USAGE', users)} bytes of it`)
  await redis.del(ranks, users, stand)
  await t.rejects(finder().top(place), { code: 'unavailable' })
  await write()
  t.same(await orderOf(), before, 'after a wipe it is what it was')

  const { board } = aBoard({ top: [{ upTo: 10, reward: null, title: 'Champion' }] })
  const startedAt = performance.now()
  await freezePeriod({ pool, award: async () => {} }, { ...place, board })
  t.comment(`the order of ${USERS} users was frozen in ${Math.round(performance.now() - startedAt)} ms`)
  await measured('a frozen board')
  t.same(await orderOf(), before, 'the frozen order is the one that was shown')

  await showPlans(t, pool)
})
