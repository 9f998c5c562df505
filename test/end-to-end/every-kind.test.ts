import t from 'tap'
import { assertEvents } from '../support/judging/assert-events.ts'
import { Books } from '../support/judging/books.ts'
import { startStack } from '../support/servers/stack.ts'
import { waitFor } from '../support/wait.ts'
import { walkCampaign, walker } from './every-kind-campaign.ts'

// One campaign with every kind of activity, walked through by HTTP alone, refusals included.

const campaign = 'walk'
const stack = await startStack(t)
const books = new Books(stack.file())
t.teardown(() => books.close())
await stack.publish(walkCampaign(campaign))
const { ask, spin, complete, claim, me, upload } = walker(stack, campaign)

const refusal = (status: number, code: string, members: object = {}) => ({ status, body: { code, ...members } })
const post = (path: string, body: unknown) => stack.operate({ method: 'POST', path, body })
const address = { name: 'Alice', phone: '13800000000', city: 'Shanghai', line1: '1 Nanjing Road' }

t.test('a new user has nothing, and the draw has committed itself', async (t) => {
  t.match(await me('alice'), {
    balances: { points: 0, stars: 0 },
    chances: { lucky: { daily: 1, extra: 0, total: 1 } },
    entitlements: [],
    doubler: null
  })
  const shown = (await ask('alice', `GET /v1/campaigns/${campaign}`)).body
  const wheel = shown.activities.find(({ id }: { id: string }) => id === 'wheel')
  t.match(wheel, { seedCommitment: /^[0-9a-f]{64}$/, prizes: [{ id: 'prize', odds: 1 }, {}] })
  t.equal(wheel.seed, undefined)
  t.match(
    await spin('alice', 'wheel'),
    refusal(409, 'INSUFFICIENT_BALANCE', { unit: 'points', balance: 0, required: 10 })
  )
})

t.test('a check-in credits once a day; tasks come in their order and in their time', async (t) => {
  t.match(await complete('alice', 'second'), refusal(409, 'PREREQUISITE', { after: ['check-in'] }))
  const first = await complete('alice', 'check-in', 'check-in-0001')
  t.match(first, {
    status: 201,
    body: {
      completion: {
        task: 'check-in',
        period: /^\d{4}-\d{2}-\d{2}$/,
        credited: { points: 20, chances: { lucky: 1 } },
        balances: { points: 20, chances: { lucky: { extra: 1 } } }
      }
    }
  })
  const again = await complete('alice', 'check-in', 'check-in-0001')
  t.same(again.body, first.body)
  t.equal(again.headers.get('idempotent-replayed'), 'true')
  t.same((await ask('alice', 'GET /v1/requests/check-in-0001')).body, first.body)
  t.match(await complete('alice', 'check-in'), refusal(409, 'ALREADY_DONE'))
  t.match(await complete('alice', 'second'), {
    status: 201,
    body: { completion: { period: null, credited: { stars: 3 } } }
  })
  t.match(await complete('alice', 'later'), refusal(409, 'NOT_STARTED', { opensAt: String }))
  t.match(await complete('alice', 'reader'), refusal(403, 'UNVERIFIED'))
  t.match(await spin('alice', 'wheel', 'check-in-0001'), refusal(422, 'KEY_REUSED'))
  t.match(await me('alice'), {
    balances: { points: 20, stars: 3 },
    chances: { lucky: { total: 2, extraToday: { left: 1 } } }
  })
})

let phone = ''

t.test('a spin costs points and wins, and everything of it is there at once', async (t) => {
  const won = await spin('alice', 'wheel', 'spin-of-alice-1')
  t.match(won, {
    status: 201,
    body: {
      spin: {
        prize: { id: 'prize', title: 'Prize', type: 'physical' },
        win: { status: 'won', claimBy: String, claimRequires: ['address'] },
        cost: { points: 10 },
        balances: { points: 10 }
      }
    }
  })
  phone = won.body.spin.win.id
  t.same((await spin('alice', 'wheel', 'spin-of-alice-1')).body, won.body)
  t.match((await ask('alice', 'GET /v1/me/wins', { language: 'zh-CN' })).body.items, [
    { id: phone, status: 'won', prize: { title: '奖品' } }
  ])
  t.match((await ask('alice', `GET /v1/me/ledger?campaign=${campaign}&limit=1`)).body, {
    // where its prize is in another shard, the spin takes its price before it wins
    items: [{ type: /^spin\.(won|drawn)$/, activity: 'wheel', unit: 'points', scope: 'account', delta: -10 }],
    nextCursor: String
  })
  t.match(await spin('alice', 'wheel'), {
    status: 201,
    body: { spin: { prize: { id: 'thanks' }, win: null, why: 'exhausted', balances: { points: 0 } } }
  })
  t.match(await spin('alice', 'wheel'), refusal(409, 'LIMIT_REACHED', { scope: 'day', limit: 2, resetsAt: String }))
})

t.test('a physical prize is claimed once, by its winner, with an address that stays out of the journal', async (t) => {
  const claimWin = (user: string, body: unknown, key?: string) =>
    ask(user, `POST /v1/wins/${phone}/claim`, { body, ...(key !== undefined && { key }) })
  t.match(await claimWin('bob', { address }), refusal(404, 'NOT_FOUND'))
  t.match(await claimWin('alice', { address: { ...address, city: '' } }), refusal(400, 'VALIDATION'))
  const claimed = await claimWin('alice', { address }, 'claim-of-alice')
  t.match(claimed, { status: 201, body: { win: { id: phone, status: 'claimed' } } })
  t.same((await claimWin('alice', { address }, 'claim-of-alice')).body, claimed.body)
  t.match(
    await claimWin('alice', { address: { ...address, city: 'Beijing' } }, 'claim-of-alice'),
    refusal(422, 'KEY_REUSED')
  )
  t.match(await claimWin('alice', { address }), refusal(409, 'ALREADY_DONE'))
  t.equal((await ask('bob', `GET /v1/wins/${phone}`)).status, 404)
  const winners = async () => (await ask('bob', `GET /v1/campaigns/${campaign}/winners`)).body.items
  await waitFor(async () => (await winners()).length === 1, { what: 'the winner to be listed' })
  t.match(await winners(), [{ user: 'a***e', draw: 'wheel', prize: { title: 'Prize' } }])
})

t.test(
  'a chance of the day goes first, then the extra ones; a prize in points is credited with the spin',
  async (t) => {
    const lucky = (await spin('alice', 'lucky')).body.spin
    t.match(lucky, {
      win: { status: 'given' },
      cost: {},
      credited: { points: 30 },
      balances: { points: 30, chances: { lucky: { daily: 0 } } }
    })
    t.match((await spin('alice', 'lucky')).body.spin, {
      cost: { 'chances:lucky': 1 },
      balances: { chances: { lucky: { extra: 0 } } }
    })
    t.match(
      await spin('alice', 'lucky'),
      refusal(409, 'INSUFFICIENT_BALANCE', { unit: 'chances:lucky', balance: 0, required: 1 })
    )
    await ask('alice', `POST /v1/wins/${lucky.win.id}/claim`).then((answer) =>
      t.match(answer, refusal(409, 'ALREADY_DONE'))
    )
    t.match(await post(`/admin/v1/wins/${lucky.win.id}/revocation`, { reason: 'a mistake' }), {
      status: 201,
      body: { win: { status: 'revoked' }, revocation: { takenBack: { points: 30 }, shortfall: {} } }
    })
    t.match((await me('alice')).balances, { points: 0 })
    const back = await waitForPrize('bob')
    t.match(back, { win: { status: 'given' } }, 'its quota came back')
  }
)

/** Spins of a user with more chances than the longest wait takes, until the prize is there again. */
async function waitForPrize(user: string) {
  await post(`/admin/v1/users/${user}/grants`, { campaign, unit: 'chances:lucky', amount: 100_000, reason: 'a test' })
  let found: Record<string, unknown> = {}
  const won = async () => {
    found = (await spin(user, 'lucky')).body.spin ?? {}
    return found.win !== null
  }
  await waitFor(won, { what: 'the quota to return' })
  return found
}

/** Codes are loaded when they are stored, and may be won a moment later: when the gate knows of them. */
async function available(pool: string, codes: number): Promise<void> {
  const known = async () => Number((await books.hash(`s:${campaign}:pool/${pool}`))['codes:remaining'] ?? 0) === codes
  await waitFor(known, { what: `${codes} codes in ${pool}` })
}

/** Asks under one key until the answer shows a code: when Postgres is too slow, it comes with the next answer. */
async function withCode<Answer extends { body: Record<string, { code?: string; codes?: string[] }> }>(
  request: () => Promise<Answer>
): Promise<Answer> {
  let answer = await request()
  const isShown = async () => {
    const { claim, win } = answer.body
    if ((claim ?? win)?.code !== undefined || (claim ?? win)?.codes !== undefined) return true
    answer = await request()
    return false
  }
  await waitFor(isShown, { everyMs: 100, what: 'the codes of a claim' })
  return answer
}

t.test('codes are redeemed with points, within stock and limits, and seen by their owner only', async (t) => {
  t.match(
    await upload(`/campaigns/${campaign}/pools/tickets/codes`, 'code\nTICKET-1\nTICKET-2\nTICKET-3\nTICKET-1\n'),
    {
      status: 200,
      body: { loaded: 3, duplicates: 1, total: 3, rejected: 0 }
    }
  )
  await available('tickets', 3)
  t.match(await claim('alice', 1), refusal(409, 'INSUFFICIENT_BALANCE', { unit: 'stars', balance: 3, required: 5 }))
  const lines = ['alice', 'bob', 'carol'].map((user) => `${user},stars,20`)
  t.match(await upload(`/campaigns/${campaign}/grants?reason=test`, `user,unit,amount\n${lines.join('\n')}`), {
    body: { accepted: 3, rejected: 0 }
  })
  const credited = async () => {
    const stars = await Promise.all(['bob', 'carol'].map(async (user) => (await me(user)).balances.stars))
    return (await me('alice')).balances.stars === 23 && stars.every((amount) => amount === 20)
  }
  await waitFor(credited, { what: 'grants to be credited' })
  const first = await withCode(() => claim('alice', 2, 'tickets-of-alice'))
  t.match(first.body.claim, { item: 'ticket', quantity: 2, cost: { stars: 10 }, balances: { stars: 13 } })
  t.same(first.body.claim.codes.length, 2)
  t.same((await claim('alice', 2, 'tickets-of-alice')).body, first.body)
  t.match(await claim('alice', 1, 'tickets-of-alice'), refusal(422, 'KEY_REUSED'))
  t.match(await claim('alice', 1), refusal(409, 'LIMIT_REACHED', { scope: 'activity', limit: 2 }))
  t.match(await claim('bob', 2), refusal(409, 'SOLD_OUT', { remaining: 1, mayReopen: false }))
  const last = (await withCode(() => claim('bob', 1, 'ticket-of-bob'))).body.claim
  t.notOk(first.body.claim.codes.includes(last.code), 'another code')
  t.match((await ask('alice', 'GET /v1/me/claims')).body.items, [{ codes: first.body.claim.codes }])
  t.same((await ask('alice', 'GET /v1/requests/tickets-of-alice')).body, first.body)
  t.match((await ask('bob', 'GET /v1/requests/tickets-of-alice')).status, 404)
})

t.test('a coupon is won for nothing and claimed with nothing', async (t) => {
  await upload(`/campaigns/${campaign}/pools/coupons/codes`, 'COUPON-1')
  await available('coupons', 1)
  const { win } = (await spin('carol', 'coupons')).body.spin
  t.match(await ask('carol', `POST /v1/wins/${win.id}/claim`, { body: { account: 'x' } }), refusal(400, 'VALIDATION'))
  const claimed = await withCode(() => ask('carol', `POST /v1/wins/${win.id}/claim`, { key: 'coupon-of-carol' }))
  t.match(claimed.body.win, { status: 'claimed', code: 'COUPON-1' })
  t.match((await ask('carol', `GET /v1/wins/${win.id}`)).body, { code: 'COUPON-1' })
})

t.test('a goal reported by another system opens the sale; opening balances are imported', async (t) => {
  const buy = () => ask('bob', `POST /v1/campaigns/${campaign}/sales/phone/orders`, { body: { quantity: 1 } })
  t.match(await buy(), refusal(403, 'NOT_ELIGIBLE', { requires: { entitlement: 'vip' } }))
  const path = `/service/v1/campaigns/${campaign}/tasks/reader/progress`
  const report = (sourceEventId: string) => post(path, { user: 'bob', sourceEventId })
  t.match(await report('e-1'), { status: 200, body: { count: 1, goal: 2, completed: false } })
  t.match(await report('e-1'), { body: { count: 1, completed: false } })
  t.match(await report('e-2'), { body: { count: 2, completed: true } })
  await waitFor(async () => (await me('bob')).entitlements.includes('vip'), { what: 'the goal to be decided' })
  t.match(await buy(), { status: 201, body: { order: { sale: 'phone' } } })
  t.match(await upload('/units/points/imports', 'user,amount,reference\ndora,500,old-1\ndora,x,old-2\n'), {
    body: { accepted: 1, rejected: 1, errors: [{ line: 3 }] }
  })
  await waitFor(async () => (await me('dora')).balances.points === 500, { what: 'the import to be credited' })
  const { items } = (await ask('bob', `GET /v1/campaigns/${campaign}/activities/hot`)).body
  t.ok(items[0].uses > 0, 'something is hot')
})

t.test('who is disqualified is shut out everywhere and loses the wins; the end of it all shows the seed', async (t) => {
  const body = { campaign, reason: 'a bot', revokeWins: true, returnQuota: true }
  t.match(await post('/admin/v1/users/alice/disqualification', body), {
    status: 200,
    body: { revokedWins: [phone] }
  })
  for (const answer of [await spin('alice', 'lucky'), await claim('alice', 1), await complete('alice', 'check-in')]) {
    t.match(answer, refusal(403, 'DISQUALIFIED'))
  }
  t.match((await ask('alice', `GET /v1/wins/${phone}`)).body, { status: 'revoked' })
  const timeline = await stack.admin({ method: 'GET', path: '/admin/v1/users/alice/timeline?limit=20' })
  // a sample of the refusals above may be kept by now
  const items = (timeline.body as { items: Array<{ type: string }> }).items.filter(({ type }) => type !== 'refused')
  t.match(items.slice(0, 2), [{ type: 'win.revoked' }, { type: 'user.disqualified' }])
  await post(`/admin/v1/campaigns/${campaign}/pause`, { reason: 'a test' })
  t.match(await spin('bob', 'lucky'), refusal(409, 'PAUSED'))
  await post(`/admin/v1/campaigns/${campaign}/end`, { reason: 'over' })
  t.match(await complete('bob', 'check-in'), refusal(410, 'ENDED'))
  const wheel = async () =>
    (await ask('bob', `GET /v1/campaigns/${campaign}`)).body.activities.find(({ id }: { id: string }) => id === 'wheel')
  await waitFor(async () => (await wheel()).seed !== undefined, { what: 'the seed to be shown' })
})

t.test('no address and no code is in the journal, in Redis or in a log; the books balance', async (t) => {
  await waitFor(() => books.atRest(), { what: 'outbox and kept to be empty' })
  t.same(await books.unbalanced(), [])
  const secret = '(Nanjing|13800000000|TICKET-|COUPON-)'
  t.same(
    await books.rows(
      `select 1 from decisions where request::text ~ '${secret}' or report ~ '${secret}' or record ~ '${secret}' or puts::text ~ '${secret}'`
    ),
    []
  )
  t.notMatch(JSON.stringify(await books.hash('u:alice')), new RegExp(secret))
  t.notMatch(stack.log(), new RegExp(secret))
})

t.test('every event has the data that its schema asks for', async (t) => {
  const types = await assertEvents(t, stack.file())
  t.ok(types.size > 10, [...types].join(' '))
})
