import tap, { test } from 'tap'
import { checkDefinition } from '../../src/campaign/definition/check.ts'
import type { Invite } from '../../src/campaign/kinds/invite/rules.ts'
import { encodeInvitation } from '../../src/record/invitation.ts'
import { inTransaction } from '../../src/store/connection/transaction.ts'
import type { Followed } from '../../src/store/following/followed.ts'
import { invite as listeners } from '../../src/worker/following/kinds/invite.ts'
import { aTask } from '../campaign/example-kinds.ts'
import { exampleDefinition } from '../campaign/example-sale.ts'
import { freshDatabase } from '../support/servers/database.ts'
import { sharedServers } from '../support/servers/servers.ts'

// What becomes of pairs, told by decisions alone: several followers on connections of their own stand for several shards.

const { databaseUrl } = await sharedServers(tap)
const MINUTE = 60_000

/** The rules of a campaign with invitations, and a listener of them. */
function listening(changes: object = {}) {
  const checked = checkDefinition(
    exampleDefinition({
      timezone: 'Asia/Shanghai',
      units: { points: { scope: 'account' } },
      activities: [
        aTask(),
        {
          id: 'friends',
          kind: 'invite',
          title: 'Friends',
          qualifiesOn: 'task:check-in',
          inviter: { on: 'qualified', reward: { points: 10 } },
          invitee: { on: 'accepted', reward: { points: 5 } },
          ...changes
        }
      ]
    })
  )
  if (!checked.ok) throw new Error(JSON.stringify(checked.errors))
  const { rules } = checked
  const activity = rules.activities.find(({ id }) => id === 'friends') as Invite
  const parts = { shard: 0, gate: { read: async () => [] } }
  const listener = listeners.listenerOf(activity, rules, parts)
  if (listener === undefined) throw new Error('nobody listens')
  return { rules, listener }
}

let sequence = 0
function decided(user: string, changes: Partial<Followed>): Followed {
  sequence += 1
  const { shard = 0, epoch = 1_700_000_000 } = changes
  return {
    id: `${shard}-${epoch}-${sequence}`,
    shard,
    epoch,
    sequence,
    type: 'task.completed',
    user,
    key: `u:key-${sequence}`,
    campaign: 'launch',
    activity: 'check-in',
    session: 'all',
    entity: '',
    at: Date.UTC(2026, 10, 11),
    request: {},
    adds: {},
    puts: {},
    record: '',
    report: '',
    ...changes
  }
}
const accepted = (invitee: string, inviter: string, changes: Partial<Followed> = {}) =>
  decided(invitee, {
    type: 'invite.accepted',
    activity: 'friends',
    report: encodeInvitation({ inviter, code: '0-1-1', registeredAt: null }),
    ...changes
  })

interface CreditRow {
  readonly role: string
  readonly user: string
  readonly day: number
}

async function scene(t: Parameters<typeof freshDatabase>[0], changes: object = {}) {
  const { pool } = await freshDatabase(t, databaseUrl, 20)
  const { rules, listener } = listening(changes)
  return {
    pool,
    rules,
    take: (...decisions: Followed[]) => inTransaction(pool, (session) => listener.take(session, decisions)),
    async credits(): Promise<CreditRow[]> {
      const { rows } = await pool.query<CreditRow>(
        `select role, user_id as "user", day from credits where not voided order by role, user_id`
      )
      return rows
    },
    async states(): Promise<Record<string, string>> {
      const { rows } = await pool.query<{ user: string; state: string }>('select user_id as "user", state from invites')
      return Object.fromEntries(rows.map(({ user, state }) => [user, state]))
    }
  }
}

test('acceptances that close a circle of two or three at once never all stand, and the voided one gets nothing', async (t) => {
  const { take, states, credits, rules } = await scene(t)
  for (let seed = 0; seed < 50; seed += 1) {
    const size = 2 + (seed % 2)
    const users = Array.from({ length: size }, (_, index) => `u${seed}-${index}`)
    const closing = users.map((user, index) =>
      accepted(user, users[(index + 1) % size] ?? '', { campaign: rules.id, shard: index })
    )
    // an order of their arrival that the seed chooses; all run at once
    const turned = [...closing.slice(seed % size), ...closing.slice(0, seed % size)]
    await Promise.all(turned.map((decision) => take(decision)))
    const found = await states()
    t.equal(users.filter((user) => found[user] === 'voided').length, 1, `seed ${seed}: one of ${size} is voided`)
  }
  const voided = Object.entries(await states()).flatMap(([user, state]) => (state === 'voided' ? [user] : []))
  const given = await credits()
  t.equal(given.filter(({ role }) => role === 'friends/voided').length, 50, 'each is told')
  t.strictSame(
    given.filter(({ role, user }) => role === 'friends/invitee' && voided.includes(user)),
    [],
    'nobody is rewarded for it'
  )
})

test('one transaction with both acceptances of a circle voids the later one', async (t) => {
  const { take, states } = await scene(t)
  await take(accepted('ann', 'ben'), accepted('cleo', 'ann'), accepted('ben', 'cleo'))
  t.strictSame(await states(), { ann: 'pending', cleo: 'pending', ben: 'voided' })
  await take(decided('ben', {}))
  t.equal((await states()).ben, 'voided', 'a voided one never qualifies')
})

test('a pair qualifies once, by what comes after the acceptance, for the local day of the decision', async (t) => {
  const { take, states, credits } = await scene(t)
  // 23:59 in Shanghai
  const late = Date.UTC(2026, 10, 11, 15, 59)
  await take(decided('ben', { at: late }), accepted('ben', 'ann', { at: late }))
  t.strictSame(await states(), { ben: 'pending' })
  t.match(await credits(), [{ role: 'friends/invitee', user: 'ben' }])
  await take(decided('ben', { at: late, activity: 'another' }), decided('eve', { at: late }))
  t.strictSame(await states(), { ben: 'pending' })
  await take(decided('ben', { at: late }), decided('ben', { at: late + 2 * MINUTE }))
  t.strictSame(await states(), { ben: 'qualified' })
  const day = Math.floor((late + 8 * 60 * MINUTE) / (24 * 60 * MINUTE))
  t.match(await credits(), [
    { role: 'friends/invitee', user: 'ben', day },
    { role: 'friends/inviter', user: 'ann', day }
  ])
})

test('decisions that are taken twice change nothing', async (t) => {
  const { take, states, credits } = await scene(t)
  const all = [accepted('ben', 'ann'), decided('ben', {}), accepted('cleo', 'ben')]
  await take(...all)
  const before = [await states(), await credits()]
  await take(...all)
  t.strictSame([await states(), await credits()], before)
})

test('a pair without rewards for qualifying is told all the same', async (t) => {
  const { take, credits } = await scene(t, { inviter: undefined, invitee: undefined })
  await take(accepted('ben', 'ann'), decided('ben', {}))
  t.match(await credits(), [{ role: 'friends/qualified', user: 'ann' }])
})

test('taking part qualifies by what a user asked for, and not by what moves it on', async (t) => {
  const { take, states } = await scene(t, { qualifiesOn: 'participation:check-in' })
  await take(accepted('ben', 'ann'))
  await take(decided('ben', { key: 'x:task:1' }), decided('ben', { entity: '0-1-1' }))
  t.strictSame(await states(), { ben: 'pending' })
  await take(decided('ben', {}))
  t.strictSame(await states(), { ben: 'qualified' })
})
