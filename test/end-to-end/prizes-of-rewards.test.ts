import { randomUUID } from 'node:crypto'
import t from 'tap'
import { assertEvents } from '../support/judging/assert-events.ts'
import { Books } from '../support/judging/books.ts'
import { middayTimezone } from '../support/midday.ts'
import { startStack } from '../support/servers/stack.ts'
import { waitFor } from '../support/wait.ts'
import { walker } from './every-kind-campaign.ts'

const HOUR = 3_600_000
const iso = (ms: number) => new Date(ms).toISOString()
const now = Date.now()
const campaign = 'gifts'
const mug = {
  id: 'mug',
  title: { en: 'Mug', 'zh-CN': '杯子' },
  type: 'coupon',
  quota: 1,
  pool: 'mugs',
  claimWithinDays: 7,
  instructions: 'Show the code at the desk'
}
const definition = {
  id: campaign,
  title: 'Gifts',
  timezone: middayTimezone,
  opensAt: iso(now - HOUR),
  closesAt: iso(now + HOUR),
  activities: [
    { id: 'visit', kind: 'task', per: 'campaign', reward: { points: 5, prize: mug } },
    {
      id: 'reader',
      kind: 'task',
      per: 'campaign',
      goal: { counter: 'pages', count: 1 },
      instructions: { en: 'Read it online', 'zh-CN': '在线阅读' },
      reward: { prize: { id: 'book', title: 'Book', type: 'e-card', pool: 'mugs', supplier: 'press' } }
    },
    {
      id: 'pencil',
      kind: 'redemption',
      title: 'Pencil',
      cost: { points: 5 },
      stock: 2,
      supplier: 'acme',
      image: 'https://shop.example/pencil.png',
      spec: { colour: { en: 'black', 'zh-CN': '黑色' }, length: '17 cm' },
      instructions: 'Take it from the box'
    }
  ]
}

const stack = await startStack(t)
const books = new Books(stack.file())
t.teardown(() => books.close())
await stack.publish(definition)
const { ask, complete, upload } = walker(stack, campaign)
const post = (path: string, body: unknown) => stack.operate({ method: 'POST', path, body })
const activityIn = async (path: string, id: string) =>
  (await ask('ann', `GET ${path}`)).body.activities.find((each: { id: string }) => each.id === id)

async function loaded(codes: number): Promise<void> {
  const known = async () => Number((await books.hash(`s:${campaign}:pool/mugs`))['codes:remaining'] ?? 0) === codes
  await waitFor(known, { what: `${codes} codes to be there` })
}

t.test('pages show the prize of a reward, and never its pool or what its winner alone is told', async (t) => {
  const shown = await activityIn(`/v1/campaigns/${campaign}`, 'visit')
  t.strictSame(shown.reward, {
    points: 5,
    prize: { id: 'mug', title: 'Mug', type: 'coupon', quota: 1, remaining: 1, claimWithinDays: 7 }
  })
  const promised = await activityIn(`/v1/campaigns/${campaign}/rules`, 'visit')
  t.strictSame(promised.reward.prize, { id: 'mug', title: 'Mug', type: 'coupon', quota: 1, claimWithinDays: 7 })
})

t.test(
  'a picture and properties are on pages; a supplier is not, and instructions come with what was claimed',
  async (t) => {
    for (const path of ['', '/rules']) {
      const pencil = await activityIn(`/v1/campaigns/${campaign}${path}`, 'pencil')
      t.match(pencil, { image: 'https://shop.example/pencil.png', spec: { colour: 'black', length: '17 cm' } })
      t.notOk('instructions' in pencil || 'supplier' in pencil, `what is not for everybody is not on ${path}`)
    }
    t.match(
      (await complete('dora', 'visit')).body.completion,
      { prize: null, reason: 'exhausted' },
      'no code is loaded yet'
    )
    const request = `POST /v1/campaigns/${campaign}/redemptions/pencil/claims`
    const claimed = await ask('dora', request, { body: { quantity: 1 } })
    t.match(claimed, { status: 201, body: { claim: { item: 'pencil', instructions: 'Take it from the box' } } })
    t.match((await ask('dora', 'GET /v1/me/claims')).body.items, [{ instructions: 'Take it from the box' }])
  }
)

let win = ''
/** what was told to whom the prize had run out */
let told: object = {}

t.test('the first gets the prize and claims it; the second gets the rest of the reward', async (t) => {
  t.match(await upload(`/campaigns/${campaign}/pools/mugs/codes`, 'MUG-1\nMUG-2\n'), { body: { loaded: 2 } })
  await loaded(2)
  const first = await complete('ann', 'visit', 'visit-of-ann')
  t.match(first, {
    status: 201,
    body: {
      completion: {
        credited: { points: 5 },
        prize: { id: 'mug', title: 'Mug', tier: 0, type: 'coupon' },
        win: { status: 'won', claimBy: String, claimRequires: [] }
      }
    }
  })
  win = first.body.completion.win.id
  t.equal(win, first.body.eventId)
  t.same((await complete('ann', 'visit', 'visit-of-ann')).body, first.body)
  t.same((await ask('ann', 'GET /v1/requests/visit-of-ann')).body, first.body)
  const second = await complete('ben', 'visit', 'visit-of-ben')
  t.match(second, {
    status: 201,
    body: { completion: { credited: { points: 5 }, prize: null, win: null, reason: 'exhausted' } }
  })
  told = second.body
  t.match((await ask('ann', 'GET /v1/me/wins', { language: 'zh-CN' })).body.items, [
    {
      id: win,
      status: 'won',
      draw: 'visit',
      prize: { id: 'mug', title: '杯子' },
      given: {},
      instructions: mug.instructions
    }
  ])
  t.equal((await ask('ben', `GET /v1/wins/${win}`)).status, 404)
  const claim = () => ask('ann', `POST /v1/wins/${win}/claim`, { key: 'claim-of-ann' })
  let claimed = await claim()
  t.match(claimed, { status: 201, body: { win: { id: win, status: 'claimed' } } })
  const hasCode = async () => {
    claimed = await claim()
    return claimed.body.win.code !== undefined
  }
  await waitFor(hasCode, { what: 'the code' })
  t.match(claimed.body.win.code, /^MUG-/)
  t.same((await complete('ann', 'visit', 'visit-of-ann')).body, first.body, 'what was answered first stays')
})

t.test('a goal that another system reports gives its prize too', async (t) => {
  const path = `/service/v1/campaigns/${campaign}/tasks/reader/progress`
  t.match(await post(path, { user: 'cem', sourceEventId: randomUUID() }), { body: { completed: true } })
  const won = async () => (await ask('cem', 'GET /v1/me/wins')).body.items.length === 1
  await waitFor(won, { what: 'the book' })
  t.match((await ask('cem', 'GET /v1/me/wins')).body.items, [
    { draw: 'reader', prize: { id: 'book' }, instructions: 'Read it online' }
  ])
})

t.test('winners, state, timeline and events know it; a PATCH adds some; a revocation returns one', async (t) => {
  const winners = async (query = '') => (await ask('ben', `GET /v1/campaigns/${campaign}/winners${query}`)).body.items
  await waitFor(async () => (await winners()).length === 2, { what: 'both to be listed' })
  t.match(await winners('?draw=visit'), [{ draw: 'visit', prize: { title: 'Mug' } }])
  const state = async () => {
    const { body } = await stack.admin({ method: 'GET', path: `/admin/v1/campaigns/${campaign}/state` })
    const { activities } = body as { activities: Array<{ id: string; prizes: Array<{ remaining: number }> }> }
    return activities.find(({ id }) => id === 'visit')
  }
  t.match(await state(), { prizes: [{ id: 'mug', quota: 1, remaining: 0, taken: 1 }] })
  const patched = await stack.operate({
    method: 'PATCH',
    path: `/admin/v1/campaigns/${campaign}/activities/visit`,
    body: { reason: 'more of them', addStock: 1, prize: 'mug' }
  })
  t.equal(patched.status, 200)
  await waitFor(async () => (await state())?.prizes[0]?.remaining === 1, { what: 'the quota to grow' })
  const promised = async () => (await activityIn(`/v1/campaigns/${campaign}/rules`, 'visit')).reward.prize.quota === 2
  await waitFor(promised, { what: 'the rules to tell the new quota' })
  const timeline = async () => {
    const { body } = await stack.admin({ method: 'GET', path: '/admin/v1/users/ann/timeline' })
    return (body as { items: Array<{ type: string }> }).items
  }
  // the code was known before it was decided that it is handed over
  await waitFor(async () => (await timeline())[0]?.type === 'win.fulfilled', { what: 'the win to be handed over' })
  t.match(await post(`/admin/v1/wins/${win}/revocation`, { reason: 'a mistake' }), {
    status: 201,
    body: { win: { status: 'revoked' } }
  })
  await waitFor(async () => (await state())?.prizes[0]?.remaining === 2, { what: 'the unit to return' })
  for (const late of ['ben', 'dora']) {
    t.same((await ask(late, 'GET /v1/me/wins')).body.items, [], 'units and codes that come later are owed to nobody')
    t.match(await complete(late, 'visit'), { status: 409, body: { code: 'ALREADY_DONE' } })
  }
  t.same((await complete('ben', 'visit', 'visit-of-ben')).body, told, 'and what was told stays')
  t.match(await timeline(), [
    { type: 'win.revoked' },
    { type: 'win.fulfilled' },
    { type: 'win.claimed' },
    { type: 'task.completed', win: { id: win, prize: 'mug' } }
  ])
  await waitFor(() => books.atRest(), { what: 'outbox and kept to be empty' })
  t.same(await books.unbalanced(), [])
})

const everywhere = 'everywhere'
/** A reward with a prize of which there is no end, named like the activity that gives it. */
const gift = (id: string) => ({ reward: { points: 1, prize: { id, title: id, type: 'membership' } } })

/** Every kind whose rewards may hold a prize, beside tasks; each activity is named like its prize. */
const giving = {
  ...definition,
  id: everywhere,
  activities: [
    { id: 'asked', kind: 'survey', questions: [{ id: 'why', type: 'text', title: 'Why' }], ...gift('asked') },
    { id: 'talk', kind: 'discussion', subjects: ['item'], ...gift('talk') },
    { id: 'puzzle', kind: 'game', outcomes: { solved: gift('puzzle').reward } },
    { id: 'sharing', kind: 'share', subjects: ['campaign'], verifiedBy: 'service', channels: { qq: gift('sharing') } },
    {
      id: 'help',
      kind: 'assist',
      helper: gift('help'),
      thresholds: [{ count: 1, reward: { prize: { id: 'helped', title: 'Helped', type: 'membership' } } }]
    },
    {
      id: 'friends',
      kind: 'invite',
      inviter: { on: 'accepted', ...gift('friends') },
      invitee: {
        on: 'accepted',
        reward: { prize: { id: 'welcome', title: 'Welcome', type: 'membership' } }
      },
      newUsers: false,
      qualifiesOn: 'registration'
    },
    { id: 'best', kind: 'board', metric: 'points', top: [{ upTo: 1, ...gift('best') }] },
    { id: 'of-winners', kind: 'survey', for: 'winners', questions: [{ id: 'why', type: 'text', title: 'Why' }] }
  ]
}

t.test('winners of every kind are listed, and a survey for winners asks them', async (t) => {
  await stack.publish(giving)
  const at = (path: string) => `/v1/campaigns/${everywhere}/${path}`
  const user = (name: string, path: string, body: object = {}) => ask(name, `POST ${at(path)}`, { body })
  const service = (path: string, body: object) => post(`/service${at(path)}`, { sourceEventId: randomUUID(), ...body })
  const answer = (name: string) => user(name, 'surveys/of-winners/answers', { answers: { why: 'I won' } })
  const prizesOf = async (activity: string) => {
    const { body } = await ask('ida', `GET ${at(`winners?draw=${activity}`)}`)
    return body.items.map(({ prize }: { prize: { id: string } }) => prize.id).sort()
  }
  const listed = (activity: string, prizes: string[]) =>
    waitFor(async () => (await prizesOf(activity)).join() === prizes.join(), { what: `${prizes} to be listed` })

  t.match(await answer('ann'), { status: 403, body: { code: 'NOT_ELIGIBLE', requires: { win: true } } })
  t.match(await user('ann', 'surveys/asked/answers', { answers: { why: 'so' } }), {
    status: 201,
    body: { answer: { prize: { id: 'asked' }, win: { status: 'won' } } }
  })
  t.equal((await answer('ann')).status, 201, 'at once, before anything is stored')
  const about = { subject: { type: 'item', id: 'asked' }, text: 'hello' }
  t.match(await user('ben', 'discussions/talk/comments', about), { body: { comment: { prize: { id: 'talk' } } } })
  t.match(await service('games/puzzle/results', { user: 'cem', outcome: 'solved' }), {
    body: { result: { prize: { id: 'puzzle' } } }
  })
  const shared = await user('dan', 'shares', { channel: 'qq', subject: { type: 'campaign', id: everywhere } })
  const { id } = shared.body.share
  t.equal((await service(`shares/${id}/verification`, { verified: true })).status, 200)
  t.match(await user('eve', `shares/${id}/assists`), { body: { assist: { prize: { id: 'help' } } } })
  const { invite } = (await user('hal', 'invites')).body
  t.equal((await user('gil', `invites/${invite.code}/acceptances`)).status, 201)

  for (const own of ['asked', 'talk', 'puzzle', 'sharing']) await listed(own, [own])
  await listed('help', ['help', 'helped'])
  await listed('friends', ['friends', 'welcome'])
  for (const name of ['cem', 'dan', 'eve', 'hal', 'gil']) t.equal((await answer(name)).status, 201, name)
  t.equal((await answer('ida')).status, 403)
  const campaignPath = `/admin/v1/campaigns/${everywhere}`
  t.equal((await post(`${campaignPath}/end`, { reason: 'a test' })).status, 200)
  const isSettled = async () => (await post(`${campaignPath}/settlement`, {})).status === 200
  await waitFor(isSettled, { what: 'the campaign to be settled' })
  await listed('best', ['best'])
  await waitFor(() => books.atRest(), { what: 'outbox and kept to be empty' })
  t.same(await books.unbalanced(), [])
})

t.test('every event has the data that its schema asks for', async (t) => {
  await assertEvents(t, stack.file())
})
