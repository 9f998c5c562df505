import fc from 'fast-check'
import t from 'tap'
import { middayTimezone } from '../../support/midday.ts'
import { startMallShop } from '../../support/shop/mall-shop.ts'
import { atRest } from '../../support/shop/shop.ts'
import { waitFor } from '../../support/wait.ts'

// What a dry run says is what a request then gets, of every kind; and nothing is left of it.

const HOUR = 3_600_000
const shop = await startMallShop(t)
const { ask, admin, pool, shards, config } = shop

const now = Date.now()
const iso = (ms: number) => new Date(ms).toISOString()
const session = (id: string, from: number, stock: number) => ({
  id,
  opensAt: iso(now + from * HOUR),
  closesAt: iso(now + (from + 2) * HOUR),
  stock
})

await shop.publish({
  id: 'all',
  title: 'All kinds',
  timezone: middayTimezone,
  opensAt: iso(now - HOUR),
  closesAt: iso(now + 9 * HOUR),
  admission: { ratePerSecond: 1000, burst: 1000 },
  units: { points: { scope: 'campaign' } },
  activities: [
    {
      id: 'phone',
      kind: 'sale',
      title: 'Phone',
      price: 100,
      currency: 'CNY',
      unitsPerUser: 2,
      sessions: [session('now', -1, 3)]
    },
    { id: 'later', kind: 'sale', title: 'Later', price: 100, currency: 'CNY', sessions: [session('soon', 2, 3)] },
    {
      id: 'wheel',
      kind: 'draw',
      title: 'Wheel',
      chances: { daily: 2 },
      fallback: 'none',
      prizes: [
        { id: 'cup', tier: 1, title: 'Cup', type: 'physical', quota: 1, weight: 1 },
        { id: 'none', tier: 9, title: 'None', type: 'nothing', quota: null, weight: 1 }
      ]
    },
    { id: 'check-in', kind: 'task', per: 'day', reward: { points: 5 } },
    { id: 'mug', kind: 'redemption', title: 'Mug', cost: { points: 5 }, stock: 1 },
    { id: 'friends', kind: 'invite', newUsers: false, qualifiesOn: 'task:check-in' },
    { id: 'sharing', kind: 'share', verifiedBy: 'visit', channels: { wechat: { perDay: 1 } } },
    { id: 'help', kind: 'assist', helperPerDay: 1, thresholds: [{ count: 99, reward: { points: 1 } }] },
    { id: 'remind', kind: 'reservation', of: 'later', remindMinutes: 10 },
    { id: 'talk', kind: 'discussion', subjects: ['topic'], topics: [{ id: 'news', title: 'News' }], perDay: 2 },
    {
      id: 'asked',
      kind: 'survey',
      for: 'participants',
      questions: [{ id: 'stars', type: 'rating', title: 'Stars', required: true }]
    },
    { id: 'puzzle', kind: 'game', attemptsPerDay: 1, outcomes: { solved: { points: 1 } } },
    { id: 'top', kind: 'board', metric: 'points', period: 'campaign' }
  ]
} as { id: string })

const USERS = ['ann', 'bob'] as const
let [share, code] = ['0-1-1', 'AAAAAAAA']

interface Request {
  readonly activity: string
  readonly command: string
  readonly path: () => string
  readonly params?: () => Readonly<Record<string, string>>
  readonly body?: object
}

const topic = { subject: { type: 'topic', id: 'news' } }
const REQUESTS: readonly Request[] = [
  ...[1, 2, 9].map((quantity) => ({
    activity: 'phone',
    command: 'buy',
    path: () => 'sales/phone/orders',
    body: { quantity }
  })),
  { activity: 'later', command: 'buy', path: () => 'sales/later/orders', body: { quantity: 1 } },
  { activity: 'wheel', command: 'spin', path: () => 'draws/wheel/spins' },
  { activity: 'check-in', command: 'complete', path: () => 'tasks/check-in/completions' },
  { activity: 'mug', command: 'claim', path: () => 'redemptions/mug/claims', body: { quantity: 1 } },
  { activity: 'friends', command: 'invite', path: () => 'invites' },
  {
    activity: 'friends',
    command: 'acceptInvite',
    path: () => `invites/${code}/acceptances`,
    params: () => ({ code })
  },
  {
    activity: 'sharing',
    command: 'share',
    path: () => 'shares',
    body: { channel: 'wechat', subject: { type: 'campaign', id: 'all' } }
  },
  { activity: 'help', command: 'assist', path: () => `shares/${share}/assists`, params: () => ({ share }) },
  { activity: 'remind', command: 'reserve', path: () => 'reservations/remind' },
  {
    activity: 'talk',
    command: 'comment',
    path: () => 'discussions/talk/comments',
    body: { ...topic, text: 'Good evening' }
  },
  { activity: 'talk', command: 'like', path: () => 'discussions/talk/likes', body: topic },
  { activity: 'asked', command: 'answer', path: () => 'surveys/asked/answers', body: { answers: { stars: 4 } } }
]

const dryRun = (user: string, { activity, command, params, body }: Request) =>
  admin('vera', `POST /admin/v1/users/${user}/dry-run`, {
    body: { campaign: 'all', activity, command, ...(params && { params: params() }), ...(body && { body }) }
  })

/** All of Redis that is of this namespace, and what Postgres has of texts, byte by byte. */
async function everything(): Promise<string> {
  const [{ redis } = {}] = shards
  if (redis === undefined) throw new Error('A shop has a shard')
  const keys = (await redis.keys(`*${config.NAMESPACE}*`)).toSorted()
  const dumps = await Promise.all(keys.map(async (key) => [key, (await redis.dumpBuffer(key))?.toString('base64')]))
  const rows = await Promise.all(
    ['user_texts', 'share_texts', 'audit', 'admin_requests', 'decisions'].map(
      async (table) => (await pool.query(`select count(*) from ${table}`)).rows[0]
    )
  )
  return JSON.stringify([dumps, rows])
}

/** A dry run that leaves nothing. What the worker does at the same time is done after some of them: one that leaves something always does. */
async function leavingNothing(user: string, request: Request) {
  let answer = await dryRun(user, request)
  await waitFor(
    async () => {
      await atRest(shop)
      const before = await everything()
      answer = await dryRun(user, request)
      return before === (await everything())
    },
    { what: `a dry run of ${request.command} to leave nothing` }
  )
  return answer
}

/** Sends the request itself. @returns the code of its refusal, '' where it was confirmed */
async function sent(user: string, { path, body }: Request): Promise<string> {
  const reply = await ask(user, `POST /v1/campaigns/all/${path()}`, { body: body ?? {} })
  if (reply.status === 201) {
    share = reply.body.share?.id ?? share
    code = reply.body.invite?.code ?? code
  }
  // what a user did before is told to them again, and decided no second time
  if (reply.status === 200) return 'ALREADY_DONE'
  return reply.status === 201 ? '' : reply.body.code
}

t.test('a dry run says what then happens, and leaves nothing, whatever was done before', async (t) => {
  const step = fc.record({ user: fc.constantFrom(...USERS), request: fc.constantFrom(...REQUESTS) })
  const said = new Set<string>()
  const play = async (steps: ReadonlyArray<{ readonly user: string; readonly request: Request }>) => {
    for (const { user, request } of steps) {
      const { status, body } = await leavingNothing(user, request)
      const foreseen = body.outcome === 'confirmed' ? '' : body.refusal?.code
      const came = await sent(user, request)
      said.add(`${request.command} ${came}`)
      // units of other shards are asked for by requests alone
      const isKnown = body.outcome !== 'unavailable'
      if (status !== 200 || (isKnown && foreseen !== came))
        throw new Error(`${user} ${request.command}: said ${JSON.stringify(body)}, and came to ${came}`)
    }
  }
  // each once and again by both, so that nothing depends on chance alone; then in any order
  await play(USERS.flatMap((user) => [...REQUESTS, ...REQUESTS].map((request) => ({ user, request }))))
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), play), { numRuns: 4 })
  t.comment([...said].toSorted().join(', '))
  t.ok(said.has('buy ') && said.has('buy LIMIT_REACHED') && said.has('comment ') && said.has('answer '))
})

t.test('a refusal is told in words, with what it hangs on', async (t) => {
  const late = { campaign: 'all', activity: 'later' }
  const { body } = await admin('vera', 'POST /admin/v1/users/cat/dry-run', { body: late })
  t.match(body, {
    dryRun: true,
    user: 'cat',
    command: 'buy',
    asOf: String,
    outcome: 'refused',
    refusal: { code: 'NOT_STARTED', status: 409, title: String, detail: String, opensAt: iso(now + 2 * HOUR) }
  })
  t.notOk('requestId' in body.refusal)
  await admin('olga', 'POST /admin/v1/users/cat/disqualification', { body: { campaign: 'all', reason: 'robot' } })
  t.match(await admin('vera', 'POST /admin/v1/users/cat/dry-run', { body: { campaign: 'all', activity: 'phone' } }), {
    body: { outcome: 'refused', refusal: { code: 'DISQUALIFIED' } }
  })
})

t.test('what is no request of a user is refused with what to do', async (t) => {
  const post = (body: object) => admin('vera', 'POST /admin/v1/users/ann/dry-run', { body })
  const invalid = (pointer: string, detail: RegExp) => ({
    status: 400,
    body: { code: 'VALIDATION', errors: [{ pointer, detail }] }
  })
  t.match(await post({ campaign: 'all', activity: 'nothing' }), { status: 404 })
  t.match(await post({ campaign: 'all', activity: 'top' }), invalid('/activity', /nobody takes part in a board/))
  t.match(await post({ campaign: 'all', activity: 'puzzle' }), invalid('/activity', /nobody takes part in a game/))
  t.match(await post({ campaign: 'all', activity: 'talk' }), invalid('/command', /comment, like/))
  t.match(await post({ campaign: 'all', activity: 'phone', command: 'spin' }), invalid('/command', /buy/))
  t.match(await post({ campaign: 'all', activity: 'phone', body: { quantity: 0 } }), invalid('/body/quantity', /./))
  t.match(await post({ campaign: 'all', activity: 'phone', more: 1 }), { status: 400 })
})
