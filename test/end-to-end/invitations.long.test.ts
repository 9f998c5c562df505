import { Redis } from 'ioredis'
import pg from 'pg'
import t from 'tap'
import { assertEvents } from '../support/judging/assert-events.ts'
import { parseJson } from '../support/load/answers.ts'
import { seededRandom } from '../support/random.ts'
import { type Part, startStack } from '../support/servers/stack.ts'
import { waitFor } from '../support/wait.ts'

// A thousand invitees accept fifty codes at once while gateway and worker are killed.

const INVITEES = 1000
const CODES = 50
const AT_ONCE = 48
/** of the gateway and of the worker together */
const KILLS = 16
const PATIENT = { deadlineMs: 600_000, everyMs: 100 }
const HOUR = 3_600_000
const campaign = 'party'

const stack = await startStack(t)
const pool = new pg.Pool({ connectionString: stack.file().databaseUrl, max: 2 })
pool.on('error', () => {})
t.teardown(() => pool.end())
const iso = (ms: number) => new Date(ms).toISOString()

const definition = {
  id: campaign,
  title: 'Party',
  timezone: 'UTC',
  opensAt: iso(Date.now() - HOUR),
  closesAt: iso(Date.now() + 24 * HOUR),
  units: { points: { scope: 'campaign' } },
  activities: [
    {
      id: 'friends',
      kind: 'invite',
      title: 'Friends',
      qualifiesOn: 'participation:once',
      inviter: { on: 'qualified', reward: { points: 10 } },
      invitee: { on: 'accepted', reward: { points: 5 } }
    },
    { id: 'top', kind: 'board', title: 'Top', metric: 'invites' },
    { id: 'once', kind: 'task', title: 'Once', per: 'campaign', reward: { points: 1 } }
  ]
}
await stack.publish(definition)

interface Definite {
  readonly status: number
  readonly body: { readonly code?: string; readonly invite?: { readonly code: string } } & Record<string, unknown>
}

/** Asks until the answer is definite: a 200, a 201, or a refusal. Each request keeps its key. */
async function ask(user: string, path: string, key?: string): Promise<Definite> {
  let found: Definite | undefined
  const once = async () => {
    try {
      const answer = await fetch(`${stack.publicUrl}${path}`, {
        method: key === undefined ? 'GET' : 'POST',
        headers: {
          authorization: `Bearer ${stack.tokenOf(user)}`,
          ...(key !== undefined && { 'idempotency-key': key, 'content-type': 'application/json' })
        },
        ...(key !== undefined && { body: '{}' }),
        signal: AbortSignal.timeout(5000)
      })
      const body = parseJson(await answer.text())
      const isDefinite = answer.status !== 202 && answer.status < 500 && answer.status !== 429
      if (isDefinite) found = { status: answer.status, body: body as Definite['body'] }
    } catch {
      // the gateway is away
    }
    return found !== undefined
  }
  await waitFor(once, { ...PATIENT, what: `an answer to ${user} ${path}` })
  if (found === undefined) throw new Error('no answer')
  return found
}

/** Does work for many, so many at a time. */
async function forAll<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const left = [...items]
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

async function kill(part: Part): Promise<void> {
  const pid = stack.kill(part)
  await waitFor(() => stack.isReplaced(part, pid), { ...PATIENT, what: `${part} to run again` })
}

const sorted = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)
const pointsOf = async (user: string) =>
  ((await ask(user, `/v1/campaigns/${campaign}/me`)).body.balances as { points: number }).points
const inviters = Array.from({ length: CODES }, (_, index) => `inviter-${index}`)
const invitees = Array.from({ length: INVITEES }, (_, index) => `invitee-${index}`)

/** What the whole crowd has: the inviters' points, and those of all invitees together. */
async function balances(): Promise<{ inviters: number[]; invitees: number }> {
  const of = new Map<string, number>()
  await forAll([...inviters, ...invitees], async (user) => void of.set(user, await pointsOf(user)))
  return {
    inviters: inviters.map((user) => of.get(user) ?? 0),
    invitees: invitees.reduce((sum, user) => sum + (of.get(user) ?? 0), 0)
  }
}

const codes: string[] = []
/** which code each invitee is bound by, as the answers said */
const bound = new Map<string, number>()
/** how many invitees each code has */
const counted = () => codes.map((_, index) => [...bound.values()].filter((one) => one === index).length)
const scores = async () => {
  const { body } = await ask('reader', `/v1/campaigns/${campaign}/leaderboards/top?limit=100`)
  return (body.items as Array<{ score: number }>).map(({ score }) => score).sort((a, b) => b - a)
}
const recount = () => counted().filter((count) => count > 0)
const boardEquals = (wanted: number[]) =>
  waitFor(async () => (await scores()).join() === wanted.toSorted((a, b) => b - a).join(), {
    ...PATIENT,
    what: 'the board to equal a recount'
  })

/** An invitee accepts two codes at once, of which one binds, and then takes part. */
async function acceptTwo(user: string, wanted: readonly number[]): Promise<string> {
  const answers = await Promise.all(
    wanted.map((index) =>
      ask(user, `/v1/campaigns/${campaign}/invites/${codes[index]}/acceptances`, `accept-${user}-${index}`)
    )
  )
  bound.set(user, wanted[answers.findIndex(({ status }) => status === 201)] ?? -1)
  await ask(user, `/v1/campaigns/${campaign}/tasks/once/completions`, `once-of-${user}`)
  return answers
    .map(({ status, body }) => (status === 201 ? 'bound' : body.code))
    .sort()
    .join()
}

t.test(
  'a thousand accept two of fifty codes each, while gateway and worker are killed: one of the two binds',
  async (t) => {
    const random = seededRandom(7)
    const below = (most: number) => Math.floor(random() * most)
    await forAll(inviters, async (user) => {
      const { body } = await ask(user, `/v1/campaigns/${campaign}/invites`, `code-of-${user}`)
      codes.push(body.invite?.code ?? '')
    })
    t.equal(new Set(codes).size, CODES, 'every code is another one')
    const plan = invitees.map((user) => {
      const first = below(CODES)
      return { user, wanted: [first, (first + 1 + below(CODES - 1)) % CODES] }
    })
    let isDone = false
    // the next one is killed once some invitees got through, so that it always goes on
    const killing = (async () => {
      for (let kills = 0; kills < KILLS; kills += 1) {
        const after = (kills * INVITEES) / KILLS
        await waitFor(() => isDone || bound.size >= after, { ...PATIENT, what: `${after} invitees to be bound` })
        await kill(kills % 2 === 0 ? 'gateway' : 'worker')
      }
    })()
    const found = new Set<string>()
    await forAll(plan, async ({ user, wanted }) => void found.add(await acceptTwo(user, wanted)))
    isDone = true
    await killing
    t.strictSame([...found], ['ALREADY_BOUND,bound'])
  }
)

t.test('each pair qualifies once and is rewarded once on both sides; the board equals a recount', async (t) => {
  const one = async (text: string) => Number((await pool.query<{ found: string }>(text)).rows[0]?.found)
  const qualified = "select count(*) as found from invites where state = 'qualified'"
  await waitFor(async () => (await one(qualified)) === INVITEES, { ...PATIENT, what: 'all pairs to qualify' })
  const open = 'select count(*) as found from credits where next_attempt_at is not null'
  await waitFor(async () => (await one(open)) === 0, { ...PATIENT, what: 'all credits to be given' })

  const decided = `from decisions where type = 'invite.qualified'`
  const stored = async () => (await one(`select count(*) as found ${decided}`)) >= INVITEES
  await waitFor(stored, { ...PATIENT, what: 'all of them to be stored' })
  t.equal(await one(`select count(*) as found ${decided}`), INVITEES, 'each pair is told once')
  t.equal(await one(`select count(distinct request ->> 'invite') as found ${decided}`), INVITEES)
  t.equal(await one('select count(*) as found from invites'), INVITEES)
  const { inviters: had, invitees: all } = await balances()
  t.strictSame(sorted(had), sorted(counted().map((count) => 10 * count)), 'inviters have what they were told')
  t.equal(all, 6 * INVITEES)
  await boardEquals(recount())
})

t.test('after a wipe of Redis everything stands as before', async (t) => {
  const before = await balances()
  const redis = new Redis(stack.file().redisUrl, { maxRetriesPerRequest: 1 })
  await redis.multi().flushall().script('FLUSH').exec()
  redis.disconnect()
  t.strictSame(await balances(), before)
  await boardEquals(recount())
  const again = await ask(inviters[0] ?? '', `/v1/campaigns/${campaign}/invites`, 'another-key-of-mine')
  t.equal(again.status, 200)
  t.ok(codes.includes(again.body.invite?.code ?? ''), 'the code of before')
})

t.test('every event has the data that its schema asks for', async (t) => {
  await assertEvents(t, stack.file())
})
