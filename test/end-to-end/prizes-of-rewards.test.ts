import { randomUUID } from 'node:crypto'
import t from 'tap'
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
  t.match(await complete('ben', 'visit'), {
    status: 201,
    body: { completion: { credited: { points: 5 }, prize: null, win: null, reason: 'exhausted' } }
  })
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
  t.match(await post(`/admin/v1/wins/${win}/revocation`, { reason: 'a mistake' }), {
    status: 201,
    body: { win: { status: 'revoked' } }
  })
  await waitFor(async () => (await state())?.prizes[0]?.remaining === 2, { what: 'the unit to return' })
  const timeline = await stack.admin({ method: 'GET', path: '/admin/v1/users/ann/timeline' })
  t.match(timeline.body, {
    items: [
      { type: 'win.revoked' },
      { type: 'win.claimed' },
      { type: 'task.completed', win: { id: win, prize: 'mug' } }
    ]
  })
  await waitFor(() => books.atRest(), { what: 'outbox and kept to be empty' })
  t.same(await books.unbalanced(), [])
})
