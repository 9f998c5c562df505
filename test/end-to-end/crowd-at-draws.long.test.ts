import t, { type Test } from 'tap'
import { Books } from '../support/judging/books.ts'
import { Crowd, type Granted } from '../support/load/crowd.ts'
import { seededRandom, shuffled } from '../support/random.ts'
import { isAlive } from '../support/servers/leftovers.ts'
import { startStack } from '../support/servers/stack.ts'
import { waitFor } from '../support/wait.ts'
import { grantPoints, loadCodes, mallCampaign, quotas, spins, verifyDraw, wheelCampaign } from './draws-and-points.ts'

const seed = Number(process.env.FLOODGATE_TEST_SEED ?? 20261111)
t.comment(`seed ${seed}`)
const stack = await startStack(t, { env: { GATEWAY_PROCESSES: '2' } })
const books = new Books(stack.file())
t.teardown(() => books.close())
const fair = { stack, books }
const restMs = 300_000

function crowdOf(t: Test, cuts = 0.05): Crowd {
  const crowd = new Crowd({ publicUrl: stack.publicUrl, tokenOf: (user) => stack.tokenOf(user), cuts, seed })
  t.teardown(() => crowd.close())
  return crowd
}

/** The code that a claim shows; undefined where it has none yet. */
function codeOf(body: Record<string, unknown>): string | undefined {
  return (body.claim as { code?: string }).code
}

async function assertDraw(t: Test, campaign: string, granted: readonly Granted[]): Promise<void> {
  await waitFor(() => books.atRest(), { deadlineMs: restMs, what: 'outbox and kept to be empty' })
  const confirmed = granted.filter(({ status }) => status === 201)
  t.equal(confirmed.length, granted.length, 'every spin was confirmed')
  const ids = new Set(confirmed.map(({ body }) => (body.spin as { id: string }).id))
  t.equal(ids.size, granted.length, 'every spin has an id of its own')
  const won = await books.rows(
    'select prize_id as prize, count(*)::float8 as wins from wins where campaign_id = $1 group by 1 order by 1',
    [campaign]
  )
  t.same(won, [
    { prize: 'first', wins: 1 },
    { prize: 'second', wins: 10 },
    { prize: 'third', wins: 100 }
  ])
  const stock = await books.hash(`s:${campaign}:wheel`)
  for (const [prize, quota] of Object.entries(quotas)) {
    t.match(stock, { [`${prize}:remaining`]: '0', [`${prize}:paid`]: String(quota), [`${prize}:total`]: String(quota) })
  }
  const [paid] = await books.rows(
    `select count(*)::float8 as spins, sum(delta)::float8 as paid from ledger
     where campaign_id = $1 and type in ('spin.won', 'spin.lost', 'spin.drawn')`,
    [campaign]
  )
  t.same(paid, { spins: granted.length, paid: -10 * granted.length }, 'every spin was paid for once')
  t.same(await books.unbalanced(), [], 'ledger, Postgres and Redis agree on every balance')
  const verified = await verifyDraw(fair, campaign, t.testdir())
  t.equal(verified, granted.length, 'every spin is recomputed from the journal')
}

t.test('5,000 users spin 20,000 times at once: every quota is exhausted exactly, every spin paid once', async (t) => {
  const campaign = 'wheel'
  await stack.publish(wheelCampaign(campaign))
  const users = Array.from({ length: 5000 }, (_, number) => `spinner-${number}`)
  await grantPoints(fair, { campaign, users, points: 40 })
  const crowd = crowdOf(t)
  const granted = await crowd.askAll(shuffled(spins(campaign, users, 4), seededRandom(seed)))
  t.ok(
    granted.some(({ tries }) => tries > 1),
    'connections were broken'
  )
  const fifth = await crowd.ask({
    user: 'spinner-1',
    key: 'one-more-spin',
    path: `${campaign}/draws/wheel/spins`,
    body: {}
  })
  t.match(fifth.body, { code: 'INSUFFICIENT_BALANCE', balance: 0, required: 10 })
  await assertDraw(t, campaign, granted)
})

t.test('the same with a gateway and the worker killed in the middle', async (t) => {
  const campaign = 'killed'
  await stack.publish(wheelCampaign(campaign))
  const users = Array.from({ length: 2500 }, (_, number) => `killed-${number}`)
  await grantPoints(fair, { campaign, users, points: 80 })
  const killed: string[] = []
  const due: Array<readonly [after: number, part: 'gateway' | 'worker']> = [
    [5000, 'gateway'],
    [9000, 'worker'],
    [13_000, 'gateway']
  ]
  const strike = (answered: number) => {
    const [after, part] = due[0] ?? [Number.POSITIVE_INFINITY, 'worker']
    if (answered < after) return
    // the first process of a gateway with several is the primary; the second serves the public port
    const pid = stack.file().pids[part].at(-1)
    // a process that was killed is named until another one runs: its turn comes then
    if (pid === undefined || !isAlive(pid)) return
    process.kill(pid, 'SIGKILL')
    killed.push(`${part} ${pid}`)
    due.shift()
  }
  const granted = await crowdOf(t).askAll(shuffled(spins(campaign, users, 8), seededRandom(seed)), strike)
  t.equal(killed.length, 3, killed.join(', '))
  await assertDraw(t, campaign, granted)
})

t.test('100,000 codes, 1,000 users racing for 500: 500 distinct codes, each seen by one user', async (t) => {
  const campaign = 'mall'
  await stack.publish(mallCampaign(campaign, 500))
  await loadCodes(fair, campaign, 100_000)
  const users = Array.from({ length: 1000 }, (_, number) => `buyer-${number}`)
  await grantPoints(fair, { campaign, users, points: 500 })
  const wishes = users.map((user) => ({
    user,
    key: `claim-of-${user}`,
    path: `${campaign}/redemptions/ticket/claims`,
    body: { quantity: 1 }
  }))
  const crowd = crowdOf(t)
  const granted = await crowd.askAll(shuffled(wishes, seededRandom(seed)))
  const confirmed = granted.filter(({ status }) => status === 201)
  t.equal(confirmed.length, 500)
  t.same([...new Set(granted.filter(({ status }) => status !== 201).map(({ body }) => body.code))], ['SOLD_OUT'])
  // a claim that Postgres was too slow for is answered without its code, which its owner is shown later
  const first = new Map(confirmed.map(({ wish, body }) => [wish.user, codeOf(body)]))
  const bare = () => confirmed.filter(({ wish }) => first.get(wish.user) === undefined)
  for (let round = 0; round < 10 && bare().length > 0; round += 1) {
    for (const { wish, body } of await crowd.askAll(bare().map(({ wish }) => wish))) first.set(wish.user, codeOf(body))
  }
  const codes = [...first.values()]
  t.equal(new Set(codes).size, 500, '500 distinct codes')
  t.notOk(codes.includes(undefined), 'each claim shows its code')
  const again = await crowd.askAll(confirmed.map(({ wish }) => wish))
  t.ok(
    again.every(({ wish, body }) => (codeOf(body) ?? first.get(wish.user)) === first.get(wish.user)),
    'asked again, the same'
  )
  await waitFor(() => books.atRest(), { deadlineMs: restMs, what: 'outbox and kept to be empty' })
  t.same(await books.unbalanced(), [])
  const leaked = await books.rows(
    "select 1 from decisions where request::text like '%CODE-%' or report like '%CODE-%' or record like '%CODE-%' limit 1"
  )
  t.same(leaked, [], 'no code is in the journal')
})

t.test(
  'a claim and a spin of one user race for the last points: one of them is refused, never both paid',
  async (t) => {
    const campaign = 'race'
    await stack.publish(mallCampaign(campaign, 1000))
    await loadCodes(fair, campaign, 1000)
    const users = Array.from({ length: 300 }, (_, number) => `racer-${number}`)
    await grantPoints(fair, { campaign, users, points: 505 })
    const wishes = users.flatMap((user) => [
      { user, key: `race-claim-${user}`, path: `${campaign}/redemptions/ticket/claims`, body: { quantity: 1 } },
      { user, key: `race-spin-${user}`, path: `${campaign}/draws/wheel/spins`, body: {} }
    ])
    const granted = await crowdOf(t).askAll(shuffled(wishes, seededRandom(seed)))
    const byUser = new Map<string, number[]>()
    for (const { wish, status } of granted) byUser.set(wish.user, [...(byUser.get(wish.user) ?? []), status].sort())
    const wrong = [...byUser].filter(([, statuses]) => statuses.join() !== '201,409')
    t.same(wrong, [], 'each user paid for one of the two')
    t.ok(
      granted.some(({ wish, status }) => wish.key.startsWith('race-spin') && status === 201),
      'some spins were first'
    )
    await waitFor(() => books.atRest(), { deadlineMs: restMs, what: 'outbox and kept to be empty' })
    t.same(await books.unbalanced(), [])
    const [least] = await books.rows<{ least: number }>('select min(balance)::float8 as least from balances')
    t.ok((least?.least ?? 0) >= 0, 'no balance is negative')
  }
)
