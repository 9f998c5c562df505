import { crc32 } from 'node:zlib'
import t from 'tap'
import { middayTimezone } from '../support/midday.ts'
import { startMallShop } from '../support/shop/mall-shop.ts'
import { waitFor } from '../support/wait.ts'

// Invitations from the code to the rewards of both sides, by HTTP alone.

const shop = await startMallShop(t)
const { ask, admin } = shop
const HOUR = 3_600_000
const iso = (ms: number) => new Date(ms).toISOString()
const opensAt = Math.floor(Date.now() / 1000) * 1000 - HOUR
const registered = opensAt / 1000 + 60

/** A campaign with invitations, a task, a sale and a redemption. */
function definition(id: string, friends: object) {
  const window = { opensAt: iso(opensAt), closesAt: iso(opensAt + 24 * HOUR) }
  return {
    id,
    title: id,
    timezone: middayTimezone,
    ...window,
    units: { points: { scope: 'campaign' } },
    activities: [
      { id: 'friends', kind: 'invite', title: 'Friends', ...friends },
      { id: 'top', kind: 'board', title: 'Top', metric: 'invites' },
      { id: 'check-in', kind: 'task', title: 'Check in', per: 'day', reward: { points: 1 } },
      {
        id: 'phone',
        kind: 'sale',
        title: 'Phone',
        sku: 'P-1',
        price: 1000,
        currency: 'CNY',
        payWithinSeconds: 900,
        sessions: [{ id: 'all-day', ...window, stock: 100 }]
      }
    ]
  }
}

const both = (on: 'accepted' | 'qualified') => ({
  inviter: { on, reward: { points: 10 } },
  invitee: { on, reward: { points: 5 } }
})
await shop.publish(
  definition('reg', { qualifiesOn: 'registration', link: 'https://shop.example/j?c={code}', ...both('qualified') })
)
await shop.publish(definition('task', { qualifiesOn: 'task:check-in', ...both('qualified'), perInviter: { day: 2 } }))
await shop.publish(definition('paid', { qualifiesOn: 'paid:phone', ...both('qualified') }))
await shop.publish(definition('part', { qualifiesOn: 'participation:phone', newUsers: true, ...both('accepted') }))

/** Two names whose users a deployment with two shards keeps apart. */
function apart(name: string): [string, string] {
  const parity = (user: string) => crc32(user) % 2
  let n = 0
  while (parity(`${name}-b${n}`) === parity(`${name}-a`)) n += 1
  return [`${name}-a`, `${name}-b${n}`]
}

interface Accepted {
  readonly code: string
  readonly key?: string
  readonly registeredAt?: number
}

const codeOf = async (campaign: string, user: string): Promise<string> =>
  (await ask(user, `POST /v1/campaigns/${campaign}/invites`, { body: {} })).body.invite.code
const accept = (campaign: string, user: string, { code, ...asked }: Accepted) =>
  ask(user, `POST /v1/campaigns/${campaign}/invites/${code}/acceptances`, { body: {}, ...asked })
const points = async (campaign: string, user: string) =>
  (await ask(user, `GET /v1/campaigns/${campaign}/me`)).body.balances.points
const mine = async (campaign: string, user: string, asked: object = {}) =>
  (await ask(user, `GET /v1/campaigns/${campaign}/me/invites`, asked)).body
const holds = (campaign: string, user: string, amount: number) =>
  waitFor(async () => (await points(campaign, user)) === amount, { what: `${user} to have ${amount} points` })
const shows = (campaign: string, user: string, statuses: string[]) =>
  waitFor(
    async () =>
      JSON.stringify((await mine(campaign, user)).items.map(({ status }: { status: string }) => status)) ===
      JSON.stringify(statuses),
    { what: `${user} to see ${statuses}` }
  )
const ranked = async (campaign: string) =>
  (await ask('reader', `GET /v1/campaigns/${campaign}/leaderboards/top`)).body.items.map(
    ({ score }: { score: number }) => score
  )
const ranks = (campaign: string, scores: number[]) =>
  waitFor(async () => JSON.stringify(await ranked(campaign)) === JSON.stringify(scores), {
    what: `the board to show ${scores}`
  })
const checkIn = (campaign: string, user: string) =>
  ask(user, `POST /v1/campaigns/${campaign}/tasks/check-in/completions`, { body: {} })
let reports = 0
const report = (campaign: string, user: string, registeredAt: number) =>
  admin('counter', `POST /service/v1/campaigns/${campaign}/users/${user}/registration`, {
    body: { sourceEventId: `report-${reports++}`, registeredAt }
  })
const refused = (code: string, status = 409, more: object = {}) => ({ status, body: { code, ...more } })

t.test(
  'a code is the same each time, stands in a link and in a picture, and is found with typing errors fixed',
  async (t) => {
    const [ann] = apart('code')
    t.match(await mine('reg', ann), { code: null, url: null, items: [], invitedBy: null, nextCursor: null })
    const first = await ask(ann, 'POST /v1/campaigns/reg/invites', { body: {}, key: 'the-first-key' })
    const { code, url } = first.body.invite
    t.match(first, { status: 201, body: { outcome: 'confirmed', invite: { code: /^[0-9A-Z]{10,20}$/ } } })
    t.equal(url, `https://shop.example/j?c=${code}`)
    t.match(await ask(ann, 'POST /v1/campaigns/reg/invites', { body: {}, key: 'the-first-key' }), {
      status: 201,
      body: first.body,
      headers: { 'idempotent-replayed': 'true' }
    })
    const again = await ask(ann, 'POST /v1/campaigns/reg/invites', { body: {} })
    t.match(again, { status: 200, body: { eventId: first.body.eventId, invite: { code, url } } })
    t.match(await mine('reg', ann), { code, url })
    t.same((await ask(ann, 'GET /v1/requests/the-first-key')).body, first.body)

    const picture = (accept: string, path = `reg/invites/${code.toLowerCase()}`) =>
      shop.publicApp.inject({ method: 'GET', url: `/v1/campaigns/${path}/qr`, headers: { accept } })
    const svg = await picture('*/*')
    t.match(svg, { statusCode: 200, headers: { 'content-type': 'image/svg+xml', 'cache-control': /^public/ } })
    t.match(svg.body, /^<\?xml.*<svg/s)
    const png = await picture('image/png')
    t.match(png, { statusCode: 200, headers: { 'content-type': 'image/png' } })
    t.equal(png.rawPayload.subarray(1, 4).toString(), 'PNG')
    t.equal((await picture('*/*', 'reg/invites/nonsense')).statusCode, 404)
    t.equal((await picture('*/*', `elsewhere/invites/${code}`)).statusCode, 404)
    t.match(
      await accept('reg', 'somebody', { code: code.slice(0, -1) + (code.endsWith('0') ? '1' : '0') }),
      refused('NOT_FOUND', 404)
    )
  }
)

t.test('a registration qualifies, whether it is reported before, after, or by the token; each pair once', async (t) => {
  const [ann, ben] = apart('reg')
  const code = await codeOf('reg', ann)
  t.match(await accept('reg', ann, { code }), refused('SELF_NOT_ALLOWED'))
  const accepted = await accept('reg', ben, { code, key: 'accept-of-ben' })
  t.match(accepted, {
    status: 201,
    body: { acceptance: { id: accepted.body.eventId, inviter: 'r***a', status: 'pending' } }
  })
  t.match(await accept('reg', ben, { code: code.toLowerCase(), key: 'accept-of-ben' }), {
    status: 201,
    body: accepted.body
  })
  t.match(await mine('reg', ben), { invitedBy: { user: 'r***a', status: 'pending' } })
  t.match(await accept('reg', ben, { code }), refused('ALREADY_BOUND'))
  await shows('reg', ann, ['pending'])
  t.match(await report('reg', ben, opensAt / 1000 - 1), { body: { new: false } })
  t.match(await report('reg', ben, registered), { body: { new: true } })
  await holds('reg', ann, 10)
  await holds('reg', ben, 5)
  t.match(await report('reg', ben, registered), { status: 200 })
  t.match(await mine('reg', ann), { items: [{ status: 'qualified', qualifiedAt: String }] })

  await report('reg', 'cleo', registered)
  t.match(await accept('reg', 'cleo', { code }), { status: 201 })
  t.match(await accept('reg', 'dora', { code, registeredAt: registered }), { status: 201 })
  t.match(await accept('reg', 'emil', { code, registeredAt: registered * 1000 }), { status: 201 })
  await holds('reg', ann, 30)
  await holds('reg', 'cleo', 5)
  t.match(await mine('reg', 'emil', { registeredAt: registered }), { invitedBy: { status: /pending|qualified/ } })
  await waitFor(async () => (await mine('reg', 'emil', { registeredAt: registered })).invitedBy.status === 'qualified')
  await holds('reg', ann, 40)
  await ranks('reg', [4])
  const page = await mine('reg', ann)
  t.equal(page.items.length, 4)
  const paged = (await ask(ann, 'GET /v1/campaigns/reg/me/invites?limit=3')).body
  const rest = (await ask(ann, `GET /v1/campaigns/reg/me/invites?limit=3&cursor=${paged.nextCursor}`)).body
  t.same([...paged.items, ...rest.items], page.items)
})

t.test(
  'a task after the acceptance qualifies, and the cap of a day withholds the third reward of the inviter alone',
  async (t) => {
    const [ann, early] = apart('task')
    const code = await codeOf('task', ann)
    await checkIn('task', early)
    await accept('task', early, { code })
    await shows('task', ann, ['pending'])
    for (const user of ['f1', 'f2', 'f3']) {
      await accept('task', user, { code })
      await checkIn('task', user)
      await holds('task', user, 6)
    }
    await shows('task', ann, ['qualified', 'qualified', 'qualified', 'pending'])
    await waitFor(async () => (await mine('task', ann)).items[0].cappedBy === 'day', { what: 'the cap to be told' })
    await holds('task', ann, 20)
    t.equal((await mine('task', early)).invitedBy.status, 'pending', 'what was done before does not count')
  }
)

t.test('an acceptance that is stored after the task which qualifies was still before it', async (t) => {
  const [ann, ben] = apart('late')
  const path = `POST /v1/campaigns/task/invites/${await codeOf('task', ann)}/acceptances`
  t.match(await shop.askLate(ben, path, { body: {} }), { status: 202 })
  t.match(await checkIn('task', ben), { status: 201 })
  await shows('task', ann, ['qualified'])
})

t.test(
  'a paid order qualifies once; when all of it comes back the pair is void, and no later order pays',
  async (t) => {
    const [ann, ben] = apart('paid')
    await accept('paid', ben, { code: await codeOf('paid', ann) })
    const buy = async () => {
      const { id } = (await ask(ben, 'POST /v1/campaigns/paid/sales/phone/orders', { body: { quantity: 2 } })).body
        .order
      const paid = { amount: 2000, currency: 'CNY', reference: `pay-${id}` }
      t.match(await admin('olga', `POST /admin/v1/orders/${id}/payment`, { body: paid }), { status: 201 })
      await admin('olga', `POST /admin/v1/orders/${id}/shipment`, { body: { carrier: 'SF', trackingNumber: '1' } })
      return (quantity: number) =>
        admin('olga', `POST /admin/v1/orders/${id}/return`, { body: { quantity, kind: 'return', reason: 'broken' } })
    }
    const giveBack = await buy()
    await holds('paid', ann, 10)
    await holds('paid', ben, 5)
    await ranks('paid', [1])
    t.match(await giveBack(1), { status: 201 })
    await buy()
    t.match(await giveBack(1), { status: 201 })
    await holds('paid', ann, 0)
    await holds('paid', ben, 0)
    t.match(await mine('paid', ann), { items: [{ status: 'voided', reason: 'RETURNED' }] })
    await ranks('paid', [])
    await buy()
    t.match(await mine('paid', ben), { invitedBy: { status: 'voided', reason: 'RETURNED' } })
    t.match(
      await accept('paid', ben, { code: await codeOf('paid', 'fay') }),
      refused('ALREADY_BOUND'),
      'the binding is used'
    )
  }
)

t.test('circles of any length are refused, and old and unknown users where only new ones may accept', async (t) => {
  const [one, two] = apart('ring')
  const codes = new Map<string, string>()
  for (const user of [one, two, 'ring-c']) codes.set(user, await codeOf('part', user))
  const join = (user: string, inviter: string, registeredAt?: number) =>
    accept('part', user, { code: codes.get(inviter) ?? '', ...(registeredAt !== undefined && { registeredAt }) })
  const old = refused('NOT_ELIGIBLE', 403, { requires: { newUser: true } })
  t.match(await join(two, one), old, 'unknown')
  t.match(await join(two, one, opensAt / 1000 - 1), old)
  t.match(await join(two, one, Date.now()), old, 'milliseconds')
  t.match(await join(two, one, opensAt / 1000), { status: 201 }, 'at the opening')
  await report('part', 'ring-c', registered)
  t.match(await join('ring-c', two), { status: 201 }, 'reported by a service')
  await holds('part', one, 10)
  await holds('part', two, 15)
  t.match(await join(one, two, registered), refused('CIRCULAR'))
  t.match(await join(one, 'ring-c', registered), refused('CIRCULAR'), 'of three')
  t.match(await join('ring-c', one), refused('ALREADY_BOUND'), 'that is said first')
  await admin('olga', `POST /admin/v1/users/${one}/disqualification`, {
    body: { campaign: 'part', reason: 'fraud', revokeWins: false, returnQuota: false }
  })
  t.match(await join('ring-d', one, registered), refused('VOIDED'))
  t.equal((await mine('part', two)).invitedBy.status, 'pending', 'rewarded when accepted, and not qualified yet')
  t.match(await ask(two, 'POST /v1/campaigns/part/sales/phone/orders', { body: { quantity: 1 } }), { status: 201 })
  await shows('part', one, ['qualified'])
  t.equal((await ask('nobody', 'GET /v1/campaigns/none/me/invites')).status, 404)
})
