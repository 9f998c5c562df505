import t from 'tap'
import { middayTimezone } from '../../support/midday.ts'
import { startMallShop } from '../../support/shop/mall-shop.ts'
import { waitFor } from '../../support/wait.ts'

const shop = await startMallShop(t)
const { ask, admin, pool } = shop
const HOUR = 3_600_000
const now = Date.now()
const iso = (ms: number) => new Date(ms).toISOString()
const draw = (id: string, prize: object) => ({
  id,
  kind: 'draw',
  title: id,
  chances: { daily: 9, extraPerDay: 9 },
  fallback: 'thanks',
  prizes: [
    { id: 'prize', tier: 1, title: 'Prize', quota: 9, weight: 1, ...prize },
    { id: 'thanks', tier: 9, title: 'Thanks', type: 'nothing', quota: null, weight: 0 }
  ]
})
await shop.publish({
  id: 'fair',
  title: 'Fair',
  timezone: middayTimezone,
  opensAt: iso(now - HOUR),
  closesAt: iso(now + HOUR),
  policies: { rewardRelease: 'review' },
  activities: [
    draw('parcel', { type: 'cash' }),
    draw('card', { type: 'e-card', pool: 'cards' }),
    {
      id: 'friends',
      kind: 'invite',
      newUsers: false,
      qualifiesOn: 'participation:parcel',
      inviter: { on: 'qualified', reward: { points: 7 } }
    }
  ]
} as { id: string })
await admin('ada', 'POST /admin/v1/campaigns/fair/pools/cards/codes?reason=x', { body: 'CARD-1', type: 'text/plain' })

const post = (user: string, path: string, body: object = {}) => ask(user, `POST /v1/campaigns/fair/${path}`, { body })
async function claimed(user: string, wheel: string): Promise<string> {
  const { id } = (await post(user, `draws/${wheel}/spins`)).body.spin.win
  t.match(await ask(user, `POST /v1/wins/${id}/claim`, { body: wheel === 'parcel' ? { account: 'CN-1' } : {} }), {
    status: 201
  })
  return id
}
const waiting = async (state = 'waiting') =>
  (await admin('vera', `GET /admin/v1/campaigns/fair/rewards?state=${state}`)).body.items
async function review(of: (one: Record<string, unknown>) => boolean): Promise<string> {
  let id = ''
  await waitFor(
    async () => {
      id = (await waiting()).find(of)?.id ?? ''
      return id !== ''
    },
    { what: 'a reward to wait' }
  )
  return id
}
const decide = (
  id: string,
  action: 'approval' | 'rejection',
  { by = 'olga', ...body }: { by?: string; reason?: string } = {}
) => admin(by, `POST /admin/v1/rewards/${id}/${action}`, { body })
const fulfil = (win: string, state: string) =>
  admin('olga', `POST /admin/v1/wins/${win}/fulfilment`, { body: { state } })

t.test('a claimed win is handed over only once somebody approved it', async (t) => {
  const win = await claimed('ann', 'parcel')
  t.match(await fulfil(win, 'credited'), { status: 409, body: { code: 'CONFLICT', reason: 'review' } })
  t.match(await fulfil(win, 'approved'), { status: 400 }, 'a review has a route of its own')
  const id = await review((one) => one.win === win)
  t.match(await waiting(), [{ id, kind: 'win', user: 'ann', activity: 'parcel', prize: 'prize', state: 'waiting' }])
  t.match(await decide(id, 'approval', { by: 'vera' }), { status: 403 })
  t.match(await decide('999999', 'approval'), { status: 404 })
  const [first, second] = await Promise.all([decide(id, 'approval'), decide(id, 'approval', { by: 'ada' })])
  t.same([first?.status, second?.status], [200, 200])
  t.match(first?.body, { id, state: 'approved' })
  t.match(await decide(id, 'rejection', { reason: 'too late' }), { status: 409, body: { state: 'approved' } })
  t.match(await fulfil(win, 'credited'), { status: 201 })
  const { rows } = await pool.query(
    "select count(*)::int as n from decisions where type = 'win.fulfilled' and user_id = 'ann'"
  )
  await waitFor(
    async () => {
      const found = await pool.query("select 1 from decisions where type = 'win.fulfilled' and user_id = 'ann'")
      return found.rowCount === 2
    },
    { what: 'both steps to be stored, one of each' }
  )
  t.ok(rows[0].n <= 2)
  const { body } = await admin('ada', `GET /admin/v1/audit?target=win:${win}`)
  const actions = body.items.map(({ action }: { action: string }) => action)
  t.equal(actions.filter((action: string) => action === 'win.approved').length, 1)
  t.equal(actions.filter((action: string) => action === 'reward.approved').length, 1)
})

t.test('what is rejected is revoked; a code is credited once it is approved', async (t) => {
  const win = await claimed('bob', 'parcel')
  const id = await review((one) => one.win === win)
  t.match(await decide(id, 'rejection'), { status: 400 }, 'a reason is needed')
  t.match(await decide(id, 'rejection', { reason: 'a bot' }), {
    status: 200,
    body: { state: 'rejected', reason: 'a bot' }
  })
  t.match((await ask('bob', `GET /v1/wins/${win}`)).body, { status: 'revoked' })
  const card = await claimed('cid', 'card')
  t.match(await decide(await review((one) => one.win === card), 'approval'), { status: 200 })
  const stored = async () =>
    (await pool.query("select 1 from wins where win_id = $1 and fulfilment = 'credited'", [card])).rowCount === 1
  await waitFor(stored, { what: 'the code to be credited' })
})

t.test('a reward for what others did waits too, and a win that was revoked waits for nobody', async (t) => {
  const invited = async (inviter: string, friend: string) => {
    const { code } = (await post(inviter, 'invites')).body.invite
    await post(friend, `invites/${code}/acceptances`)
    await post(friend, 'draws/parcel/spins')
    return review((one) => one.kind === 'reward' && one.user === inviter)
  }
  const points = async (user: string) => (await ask(user, 'GET /v1/campaigns/fair/me')).body.balances.points
  const given = await invited('dan', 'dora')
  t.match(await waiting(), [{ id: given, activity: 'friends', action: 'inviter', win: null }])
  t.equal(await points('dan'), 0)
  t.match(await decide(given, 'approval'), { status: 200, body: { state: 'approved' } })
  await waitFor(async () => (await points('dan')) === 7, { what: 'the reward to be given' })
  const refused = await invited('eve', 'emil')
  t.match(await decide(refused, 'rejection', { reason: 'the same person' }), { status: 200 })
  t.match(await decide(refused, 'approval'), { status: 409 })
  t.match(await waiting('rejected'), [{ id: refused, reason: 'the same person', decidedBy: 'olga' }, {}])
  const { rows } = await pool.query("select state from credits where user_id = 'eve'")
  t.same(rows, [{ state: 'voided' }])
  const win = await claimed('fay', 'parcel')
  await review((one) => one.win === win)
  await admin('olga', `POST /admin/v1/wins/${win}/revocation`, { body: { reason: 'a mistake' } })
  await waitFor(async () => (await waiting()).length === 0, { what: 'nothing to wait' })
})
