import type pg from 'pg'
import tap, { test } from 'tap'
import type { Outcome } from '../../src/gate/batch/outcomes.ts'
import type { Decider } from '../../src/gate/gate.ts'
import { inTransaction } from '../../src/store/connection/transaction.ts'
import type { Followed } from '../../src/store/following/followed.ts'
import { askRecounts } from '../../src/store/following/level-recounts.ts'
import { settleLevels, takeDueLevels } from '../../src/store/following/levels.ts'
import { LevelDriver } from '../../src/worker/drivers/change-levels.ts'
import type { AskingParts } from '../../src/worker/drivers/due.ts'
import { RecountDriver } from '../../src/worker/drivers/recount-levels.ts'
import { levels as listeners } from '../../src/worker/following/levels.ts'
import { rulesOf } from '../campaign/example-kinds.ts'
import { exampleDefinition, exampleSale } from '../campaign/example-sale.ts'
import { seededRandom } from '../support/random.ts'
import { freshDatabase } from '../support/servers/database.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { bought } from '../support/shop/board.ts'
import { waitFor } from '../support/wait.ts'

// Levels of the account, to which two campaigns lead: the follower, the one who counts shares, and the driver write about the same users.

const { databaseUrl } = await sharedServers(tap)

/** A campaign in which a verified share gives level 1, and what was bought for 1.00 the level `bought`. */
function campaign(id: string, bought: number) {
  const sharing = { id: 'sharing', kind: 'share', verifiedBy: 'visit', channels: { wechat: {} } }
  const levels = [
    { id: 1, when: { shares: 1 } },
    { id: bought, when: { amount: 100 } }
  ]
  return rulesOf(
    exampleDefinition({
      id,
      levels,
      levelScope: 'account',
      activities: [exampleSale({ requires: undefined }), sharing]
    })
  )
}

const first = campaign('first', 2)
const second = campaign('second', 3)
const catalogue = {
  refresh: () => Promise.resolve(),
  get: (id: string) => [first, second].map((rules) => ({ id, rules })).find(({ rules }) => rules.id === id)
} as unknown as AskingParts['catalogue']

const paid = (rules: { readonly id: string }, user: string): Followed => ({
  ...bought({ user, units: 1, at: 1 }),
  campaign: rules.id
})

async function take(session: pg.PoolClient, rules: typeof first, decisions: readonly Followed[]): Promise<void> {
  for (const listener of listeners(rules, { shard: 0, gate: { read: async () => [] } }))
    await listener.take(session, decisions)
}

let shares = 0

async function scene(t: Parameters<typeof freshDatabase>[0]) {
  const { pool } = await freshDatabase(t, databaseUrl, 8)
  return {
    pool,
    recounts: new RecountDriver({ pool, shard: 0, catalogue }),
    /** A share of a user that was verified: its user is to be counted anew. */
    async verified(rules: { readonly id: string }, user: string): Promise<void> {
      shares += 1
      const id = `0-1-${shares}`
      await pool.query(
        `insert into shares (shard, share_id, campaign_id, activity_id, user_id, channel, subject_type, subject_id, key, hash,
           epoch, sequence, created_at)
         values (0, $1, $2, 'sharing', $3, 'wechat', 'goods', 'phone', 'u:' || $1, 'h', 1, $4, now())`,
        [id, rules.id, user, shares]
      )
      await pool.query('insert into share_states (share_id, campaign_id, verified_at) values ($1, $2, now())', [
        id,
        rules.id
      ])
      await askRecounts(pool, [id])
    },
    async wanted(): Promise<Record<string, number>> {
      const { rows } = await pool.query<{ user: string; wanted: number }>(
        `select user_id as "user", wanted from level_states order by 1`
      )
      return Object.fromEntries(rows.map(({ user, wanted }) => [user, wanted]))
    }
  }
}

/** Waits until somebody waits for a session's transaction. */
async function isWaitedFor(pool: pg.Pool, session: pg.PoolClient): Promise<void> {
  const { rows } = await session.query<{ pid: number }>('select pg_backend_pid() as pid')
  const waits = async () =>
    (await pool.query('select from pg_stat_activity where $1 = any(pg_blocking_pids(pid))', [rows[0]?.pid])).rowCount
  await waitFor(async () => (await waits()) === 1, { what: 'the other one to wait' })
}

test('the follower notes two campaigns while shares of one of them are counted: nobody waits for ever', async (t) => {
  const { pool, recounts, verified, wanted } = await scene(t)
  await verified(second, 'ann')
  let counting: Promise<unknown> = Promise.resolve()
  await inTransaction(pool, async (session) => {
    await take(session, first, [paid(first, 'ann')])
    counting = recounts.step()
    await isWaitedFor(pool, session)
    await take(session, second, [paid(second, 'ann')])
  })
  await counting
  t.strictSame(await wanted(), { ann: 3 })
})

test('the highest level of two campaigns is wanted, also when both are noted at once', async (t) => {
  const { pool, recounts, verified, wanted } = await scene(t)
  await verified(second, 'ann')
  let counting: Promise<unknown> = Promise.resolve()
  await inTransaction(pool, async (session) => {
    await take(session, first, [paid(first, 'ann')])
    counting = recounts.step()
    await isWaitedFor(pool, session)
  })
  await counting
  t.strictSame(await wanted(), { ann: 2 }, 'level 1 of the second campaign is no reason to fall')
})

test('the follower notes levels of users whose changes are being noted as decided: nobody waits for ever', async (t) => {
  const { pool, wanted } = await scene(t)
  const users = ['ann', 'zoe']
  await inTransaction(pool, (session) =>
    take(
      session,
      first,
      users.map((user) => paid(first, user))
    )
  )
  const due = await takeDueLevels(pool, { most: 10, ms: 60_000 })
  t.strictSame(due.map(({ user }) => user).toSorted(), users)
  const decided = due.map(({ scope, user, to, changes }) => ({ scope, user, to, changes, retryAfterMs: null }))
  let settling: Promise<unknown> = Promise.resolve()
  await inTransaction(pool, async (session) => {
    await take(session, second, [paid(second, 'zoe')])
    settling = settleLevels(
      pool,
      decided.toSorted((one, other) => (one.user < other.user ? -1 : 1))
    )
    await isWaitedFor(pool, session)
    await take(session, second, [paid(second, 'ann')])
  })
  await settling
  t.strictSame(await wanted(), { ann: 3, zoe: 3 })
  const { rows } = await pool.query('select level, changes, asked, next_attempt_at <= now() as due from level_states')
  t.strictSame(rows, Array(2).fill({ level: 2, changes: 1, asked: null, due: true }), 'the next change is due')
})

test('a driver that stood still does not note a change as decided that nobody has asked for', async (t) => {
  const { pool } = await scene(t)
  await inTransaction(pool, (session) => take(session, first, [paid(first, 'ann')]))
  const taken = () => takeDueLevels(pool, { most: 1, ms: 0 })
  const settle = (due: Awaited<ReturnType<typeof taken>>) =>
    settleLevels(
      pool,
      due.map(({ scope, user, to, changes }) => ({ scope, user, to, changes, retryAfterMs: null }))
    )
  const wanting = (level: number) =>
    pool.query('update level_states set wanted = $1, next_attempt_at = now() where asked is null', [level])
  const old = await taken()
  await settle(await taken())
  await wanting(0)
  await settle(await taken())
  await wanting(2)
  await taken()
  await settle(old)
  const { rows } = await pool.query('select level, changes, asked from level_states')
  t.strictSame(rows, [{ level: 0, changes: 2, asked: 2 }])
})

/** A gate that confirms each change, once under its key, as the real one does. */
function confirming() {
  const made: string[] = []
  const submit = async ({ user, request = '' }: { readonly user: string; readonly request?: string }) => {
    made.push(`${user} ${request}`)
    return { kind: 'confirmed' } as Outcome
  }
  return { made, gate: { submit } as Decider }
}

test('follower, counter and drivers race for the same users: nobody fails, and each ends at the highest level', async (t) => {
  const { pool, recounts, verified, wanted } = await scene(t)
  const random = seededRandom(11)
  const users = Array.from({ length: 12 }, (_, index) => `user-${index}`)
  const some = () => users.filter(() => random() < 0.4)
  const { gate } = confirming()
  let isOver = false
  const follow = async () => {
    for (let round = 0; round < 30; round += 1) {
      await inTransaction(pool, async (session) => {
        for (const rules of [first, second])
          await take(
            session,
            rules,
            some().map((user) => ({ ...paid(rules, user), ...(random() < 0.4 && { ...returned(rules, user) }) }))
          )
      })
    }
  }
  const share = async () => {
    for (let round = 0; round < 60; round += 1)
      await verified(random() < 0.5 ? first : second, users[round % users.length] ?? '')
  }
  const again = async (step: () => Promise<unknown>) => {
    while (!isOver) await step()
  }
  const drivers = [1, 2].map(() => new LevelDriver({ pool, gate, catalogue }))
  const racing = [recounts, ...drivers].map((driver) => again(() => driver.step()))
  await Promise.all([follow(), share()]).finally(() => {
    isOver = true
  })
  await Promise.all(racing)
  while ((await recounts.step()) > 0);
  await pool.query('update level_states set next_attempt_at = now() where next_attempt_at is not null')
  for (const driver of drivers) await driver.step()
  const { rows } = await pool.query<{ user: string; highest: number }>(
    `select user_id as "user", max(level) as highest from level_counts group by 1`
  )
  const highest = Object.fromEntries(rows.map((row) => [row.user, row.highest]))
  const reached = await wanted()
  t.strictSame(Object.fromEntries(users.map((user) => [user, reached[user] ?? 0])), highest)
  const open = await pool.query('select from level_states where level <> wanted or asked is not null')
  t.equal(open.rowCount, 0, 'all was decided')
})

/** What is brought back of the same worth. */
const returned = (rules: { readonly id: string }, user: string) => ({
  ...bought({ user, units: -1, at: 2 }),
  campaign: rules.id
})
