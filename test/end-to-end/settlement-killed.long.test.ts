import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { Lane } from '../faults/world/lane.ts'
import { type Ask, publish } from '../faults/world/requests.ts'
import { World } from '../faults/world/world.ts'
import { shardsEnv, sharedServers, temporaryFolder, testShards } from '../support/servers/servers.ts'
import { openSession, saleDefinition } from '../support/shop/sale.ts'
import { waitFor } from '../support/wait.ts'

// A worker is killed before and after every step of a settlement, and while a level is being changed; another one goes on.

const PATIENT = { deadlineMs: 180_000, everyMs: 50 }
const urls = await sharedServers(t)
const folder = temporaryFolder(t)
const given = { redis: urls.redisUrl, nats: urls.natsUrl, postgres: urls.databaseUrl }
const lane = await Lane.start({ folder, given })
const cli = fileURLToPath(new URL('../../src/cli.js', import.meta.url))
const env = { ...shardsEnv(testShards), ...urls.env }
const world = await World.start({ lane, spec: { gateways: 1, env }, cli, folder })
t.teardown(() => world.stop())
const { pool } = world

const sale = 'phone'
const price = 299900
const levels = [{ id: 1, when: { points: 20 } }]

/** A campaign in which every step of a settlement has something to do; `late` is a sale whose order is never paid. */
function definition(id: string) {
  const sales = { [sale]: { sessions: [openSession(50)] }, late: { sessions: [openSession(5)] } }
  const base = saleDefinition({ id, sales }) as {
    readonly id: string
    readonly activities: ReadonlyArray<{ readonly id: string }>
  }
  return {
    ...base,
    levels,
    units: { points: { scope: 'campaign' } },
    activities: [
      ...base.activities.map((each) => ({ ...each, payWithinSeconds: each.id === 'late' ? 1 : 3600 })),
      {
        id: 'two',
        kind: 'task',
        title: 'Two',
        per: 'campaign',
        goal: { counter: 'order.paid', of: 'units', count: 2 },
        reward: { points: 20 }
      },
      {
        id: 'friends',
        kind: 'invite',
        title: 'Friends',
        qualifiesOn: `paid:${sale}`,
        inviter: { on: 'qualified', reward: { points: 10 } },
        invitee: { on: 'qualified', reward: { points: 5 } }
      },
      {
        id: 'top',
        kind: 'board',
        title: 'Top',
        metric: 'units',
        period: 'campaign',
        top: [{ upTo: 1, reward: { points: 100 } }]
      }
    ]
  }
}

type Body = Readonly<Record<string, unknown>>

/** Asks under one key until the answer is definite. @param user undefined: the operator asks */
async function insist(ask: Ask, user?: string): Promise<Body> {
  const asked = { key: randomUUID(), ...ask }
  let status = 0
  let body: unknown
  const isDefinite = async () => {
    const answer = await (user === undefined ? world.admin(asked) : world.ask(user, asked))
    status = answer.status
    body = answer.body
    return ![0, 202, 429, 503].includes(status)
  }
  await waitFor(isDefinite, { ...PATIENT, what: `an answer to ${ask.path}` })
  if (status >= 300) throw new Error(`${ask.path} was answered with ${status} ${JSON.stringify(body)}`)
  return body as Body
}
const act = (user: string, path: string, body: object = {}) =>
  insist({ method: 'POST', path: `/v1/campaigns/${path}`, body }, user)
const operate = (path: string, body: object) => insist({ method: 'POST', path: `/admin/v1/${path}`, body })
const me = (campaign: string, user: string) => insist({ path: `/v1/campaigns/${campaign}/me` }, user)
const pointsOf = async (campaign: string, user: string) =>
  ((await me(campaign, user)).balances as { readonly points: number }).points
const count = async (text: string, ...values: readonly unknown[]): Promise<number> => {
  const { rows } = await pool.query<{ found: number }>(`select count(*)::int as found ${text}`, [...values])
  return rows[0]?.found ?? 0
}

async function buy(campaign: string, user: string, quantity: number): Promise<void> {
  const { order } = await act(user, `${campaign}/sales/${sale}/orders`, { quantity })
  const paid = { amount: quantity * price, currency: 'CNY', reference: randomUUID() }
  await operate(`orders/${(order as { readonly id: string }).id}/payment`, paid)
}

async function killWorkers(): Promise<void> {
  for (const worker of world.workers) await worker.kill()
}

/** Lets a worker run into a fail point. @returns whether it died there, and not all was done before */
async function diesAt(fails: string, isDone: () => Promise<boolean>): Promise<boolean> {
  const doomed = await world.startWorker(fails)
  await waitFor(async () => !doomed.alive || (await isDone()), { ...PATIENT, what: `${fails}, or the end without it` })
  return !doomed.alive && doomed.printed('FAIL POINT') === 1
}

/** Whatever is to be settled is decided while no worker runs, so that the next one has to do all of it. */
async function prepare(campaign: string): Promise<void> {
  await publish(world, definition(campaign))
  const { invite } = await act('cat', `${campaign}/invites`)
  await act('ann', `${campaign}/invites/${(invite as { readonly code: string }).code}/acceptances`)
  const isBound = async () => (await count('from invites where campaign_id = $1', campaign)) === 1
  await waitFor(isBound, { ...PATIENT, what: 'the pair to be stored' })
  await killWorkers()
  await act('nora', `${campaign}/sales/late/orders`, { quantity: 1 })
  await buy(campaign, 'ann', 3)
  await buy(campaign, 'ben', 2)
  await buy(campaign, 'eve', 2)
  await operate(`campaigns/${campaign}/end`, { reason: 'over' })
  const path = `/admin/v1/campaigns/${campaign}/settlement`
  const asked = await world.admin({ method: 'POST', path, body: { reason: 'all is done' } })
  if (asked.status !== 202)
    throw new Error(`the settlement was answered with ${asked.status} ${JSON.stringify(asked.body)}`)
}

/** Everybody has each reward once, and it is known who gave the word. */
async function isSettledOnce(t: Test, campaign: string): Promise<void> {
  const points = await Promise.all(['ann', 'ben', 'eve', 'cat', 'nora'].map((user) => pointsOf(campaign, user)))
  t.strictSame(points, [125, 20, 20, 10, 0])
  const changed = () => count(`from decisions where campaign_id = $1 and type = 'level.changed'`, campaign)
  await waitFor(async () => (await changed()) === 3, { ...PATIENT, what: 'the levels' })
  const { rows } = await pool.query<{ type: string; times: number; users: number }>(
    `select type, count(*)::int as times, count(distinct user_id)::int as users from decisions
     where campaign_id = $1 and type in ('task.completed', 'invite.qualified', 'reward.credited', 'board.awarded', 'level.changed')
     group by type order by type`,
    [campaign]
  )
  t.strictSame(rows, [
    { type: 'board.awarded', times: 1, users: 1 },
    { type: 'invite.qualified', times: 1, users: 1 },
    { type: 'level.changed', times: 3, users: 3 },
    { type: 'reward.credited', times: 1, users: 1 },
    { type: 'task.completed', times: 3, users: 3 }
  ])
  const audit = await pool.query(
    `select operator, action, reason from audit where target = $1 and action in ('campaign.ended', 'campaign.settlement', 'campaign.settled')
     order by audit_id`,
    [`campaign:${campaign}`]
  )
  t.strictSame(audit.rows, [
    { operator: 'operator-0', action: 'campaign.ended', reason: 'over' },
    { operator: 'operator-0', action: 'campaign.settlement', reason: 'all is done' },
    { operator: 'operator-0', action: 'campaign.settled', reason: 'all is done' }
  ])
  t.equal(await count('from intents where campaign_id = $1 and state = $2', campaign, 'open'), 0)
  t.match(await insist({ path: `/admin/v1/campaigns/${campaign}` }), { state: 'settled' })
}

/**
 * Where one worker after the other dies, each as soon as it gets there, in the order in which there is something to do: storing, open
 * orders, following; goals, credits and levels, before and after the gate decides them; each look of the settlement, the order of
 * leaderboards and what their first get; the end.
 */
const places = 'W1 W2 W4 X2 W3 F1 F2 D1 D2 D1:2 D2 S1 S2 S3 S4 S5 S6 S7 B1 B2 D1 D2 S8 S9 X7 X4 X5 X8'.split(' ')

t.test('workers that are killed before and after every step of a settlement give each reward once', async (t) => {
  const campaign = 'killed'
  await prepare(campaign)
  const isDone = async () =>
    (await count('from settlements where campaign_id = $1 and settled_at is not null', campaign)) === 1
  for (const place of places) {
    const [point, hit = '1'] = place.split(':')
    t.ok(await diesAt(`${point}:kill:${hit}`, isDone), `a worker was killed at ${place}`)
  }
  await world.startWorker()
  await waitFor(isDone, { ...PATIENT, what: 'the settlement' })
  await isSettledOnce(t, campaign)
})

t.test('a worker that is killed while a level is being changed: it is changed once', async (t) => {
  const activities = [{ id: 'check-in', kind: 'task', title: 'Check in', per: 'campaign', reward: { points: 20 } }]
  for (const place of ['D1', 'D2']) {
    const campaign = `level-${place.toLowerCase()}`
    await publish(world, { ...definition(campaign), activities } as { id: string })
    await killWorkers()
    await act('ann', `${campaign}/tasks/check-in/completions`)
    await act('ben', `${campaign}/tasks/check-in/completions`)
    const isDone = async () =>
      (await count('from level_states where scope = $1 and level = 1 and next_attempt_at is null', campaign)) === 2
    t.ok(await diesAt(`${place}:kill`, isDone), `it was killed at ${place}`)
    await world.startWorker()
    await waitFor(isDone, { ...PATIENT, what: 'the levels to be changed' })
    for (const user of ['ann', 'ben']) t.match(await me(campaign, user), { level: 1 })
    const isStored = async () =>
      (await count('from decisions where campaign_id = $1 and type = $2', campaign, 'level.changed')) >= 2
    await waitFor(isStored, { ...PATIENT, what: 'the changes to be stored' })
    t.equal(await count('from decisions where campaign_id = $1 and type = $2', campaign, 'level.changed'), 2)
    t.equal(await count('from level_states where scope = $1 and changes = 1 and asked is null', campaign), 2)
  }
})
