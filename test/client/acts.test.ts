import fc from 'fast-check'
import { test } from 'tap'
import { createClient, ReadError } from '../../src/client/client.ts'
import { backOff } from '../../src/client/retry.ts'
import { type Lie, LyingGateway } from './lying-gateway.ts'

const KEY = 'an-intention'
const buy = (gateway: LyingGateway, more: object = {}) =>
  createClient(gateway.options()).buy('launch', 'phone', { key: KEY, ...more })

test('an intention has one key, made where none is given', async (t) => {
  const gateway = new LyingGateway(['lost', 'answer-lost', 'unavailable', 'unknown', 'proxy', 'half', 'garbage'])
  const outcome = await createClient(gateway.options()).buy('launch', 'phone')
  t.match(outcome, { outcome: 'confirmed', replayed: true, order: { id: '0-1-1' } })
  t.equal(new Set(gateway.seen.map(({ key }) => key)).size, 1)
  t.match(gateway.seen[0], { method: 'POST', path: '/v1/campaigns/launch/sales/phone/orders', body: '{"quantity":1}' })
  const other = await createClient(gateway.options()).buy('launch', 'phone')
  t.match(other, { outcome: 'confirmed', replayed: false })
  t.equal(gateway.decided.size, 2)
  t.strictSame([...gateway.decided.values()], [1, 1])
})

test('what was decided and not promised yet is asked for, and sent again where it is lost', async (t) => {
  const kept = new LyingGateway(['pending', 'pending', 'lost'])
  t.match(await buy(kept), { outcome: 'confirmed', requestId: KEY })
  t.strictSame(
    kept.seen.map(({ method, path }) => `${method} ${path}`),
    ['POST /v1/campaigns/launch/sales/phone/orders', ...Array.from({ length: 3 }, () => `GET /v1/requests/${KEY}`)]
  )
  const lost = new LyingGateway(['pending-lost'])
  t.match(await buy(lost), { outcome: 'confirmed', replayed: false })
  t.strictSame(
    lost.seen.map(({ method }) => method),
    ['POST', 'GET', 'POST']
  )
})

test('a refusal is final, with the members of its code', async (t) => {
  const gateway = new LyingGateway()
  gateway.refusal = { status: 409, code: 'SOLD_OUT', members: { remaining: 0, mayReopen: true } }
  const outcome = await createClient(gateway.options()).buy('launch', 'phone')
  t.equal(gateway.seen.length, 1)
  // the code alone says which members there are
  const reopens = outcome.outcome === 'refused' && outcome.code === 'SOLD_OUT' && outcome.problem.mayReopen
  t.equal(reopens, true)
  t.match(outcome, { key: gateway.seen[0]?.key })
})

test('who comes again with a key is not told that nothing was done where an act before did it', async (t) => {
  const gateway = new LyingGateway(['answer-lost'])
  t.match(await buy(gateway, { deadlineMs: 50 }), { outcome: 'unknown', key: KEY })
  const busy = new LyingGateway(Array.from({ length: 100 }, () => 'unavailable' as const))
  busy.decided.set(KEY, 1)
  t.match(await buy(busy, { deadlineMs: 3000 }), { outcome: 'unknown', reason: 'unreachable', key: KEY })
  const fresh = new LyingGateway()
  fresh.refusal = { status: 409, code: 'SOLD_OUT', members: { remaining: 0, mayReopen: false } }
  t.match(await buy(fresh), { outcome: 'refused', code: 'SOLD_OUT' })
  t.strictSame(
    fresh.seen.map(({ method }) => method),
    ['POST', 'GET']
  )
})

test('a key is made where a page lacks randomUUID, as one over plain http does', async (t) => {
  Object.defineProperty(crypto, 'randomUUID', { value: undefined, configurable: true })
  t.teardown(() => Reflect.deleteProperty(crypto, 'randomUUID'))
  const gateway = new LyingGateway()
  t.match(await createClient(gateway.options()).buy('launch', 'phone'), { outcome: 'confirmed' })
  t.match(gateway.seen[0]?.key, /^[0-9a-f]{32}$/)
})

test('a key of something else is refused, and what that did is not told as this', async (t) => {
  const gateway = new LyingGateway()
  const options = gateway.options()
  const problem = { type: 'urn', title: '', status: 422, code: 'KEY_REUSED', detail: '', requestId: '' }
  gateway.decided.set(KEY, 1)
  const client = createClient({
    ...options,
    fetch: async (...asked) =>
      new Request(...asked).method === 'POST'
        ? Response.json(problem, { status: 422 })
        : (options.fetch?.(...asked) ?? Response.error())
  })
  t.match(await client.buy('launch', 'phone', { key: KEY }), { outcome: 'refused', code: 'KEY_REUSED' })
})

test('after a lost answer a refusal is believed only once the status says that nothing was decided', async (t) => {
  const refusal = { status: 409, code: 'SOLD_OUT', members: { remaining: 0, mayReopen: false } }
  const undecided = new LyingGateway(['lost'])
  undecided.refusal = refusal
  t.match(await buy(undecided), { outcome: 'refused', code: 'SOLD_OUT' })
  t.strictSame(
    undecided.seen.map(({ method }) => method),
    ['POST', 'POST', 'GET']
  )
  // decided, its answer lost, and then a limit that stands before the gate
  const decided = new LyingGateway(['answer-lost', 'truth'])
  const options = decided.options()
  const asked = createClient({
    ...options,
    sleep: async (ms) => {
      decided.tokens = ['nobody']
      await options.sleep?.(ms)
    }
  })
  t.match(await asked.buy('launch', 'phone', { key: KEY }), { outcome: 'unknown', reason: 'unauthenticated', key: KEY })
})

test('whoever is asked to wait waits at least so long, and no longer than the deadline', async (t) => {
  const gateway = new LyingGateway(['limited', 'unavailable', 'limited'])
  t.match(await buy(gateway), { outcome: 'confirmed', replayed: false })
  t.strictSame(gateway.asked, [1500, 700, 1500])
  t.strictSame(gateway.waited, [1500, 700, 1500])
  const closed = new LyingGateway(Array.from({ length: 100 }, () => 'unavailable' as const))
  const turnedAway = createClient(closed.options({ deadlineMs: 3000 })).buy('launch', 'phone')
  t.match(await turnedAway, { outcome: 'refused', code: 'UNAVAILABLE' })
  t.ok(closed.now < 3000)
  const silent = new LyingGateway(Array.from({ length: 100 }, () => 'lost' as const))
  t.match(await buy(silent), { outcome: 'unknown', reason: 'unreachable', key: KEY })
  t.ok(silent.seen.length < 20, 'less and less often')
  const pending = new LyingGateway(Array.from({ length: 200 }, () => 'pending' as const))
  t.match(await buy(pending), { outcome: 'unknown', reason: 'pending', key: KEY })
  t.match(await buy(pending, { deadlineMs: 1e9 }), { outcome: 'confirmed', requestId: KEY }, 'the same key goes on')
  t.strictSame([...pending.decided.values()], [1])
})

test('Retry-After counts where the body says nothing, in seconds and as a date', async (t) => {
  const problem = { type: 'urn', title: '', status: 503, code: 'UNAVAILABLE', detail: '', requestId: '' }
  const ways = ['2', new Date(2000).toUTCString()]
  const waited: number[] = []
  const gateway = new LyingGateway()
  const options = gateway.options()
  const client = createClient({
    ...options,
    fetch: async (...asked) => {
      const header = ways.shift()
      if (header === undefined) return options.fetch?.(...asked) ?? Response.error()
      return Response.json(problem, { status: 503, headers: { 'retry-after': header } })
    },
    now: () => 0,
    sleep: async (ms) => {
      waited.push(ms)
    }
  })
  t.match(await client.buy('launch', 'phone'), { outcome: 'confirmed' })
  t.strictSame(waited, [2000, 2000])
})

test('a token that is refused is replaced, once for all who wait for it', async (t) => {
  const gateway = new LyingGateway()
  gateway.tokens = ['second']
  const asked: Array<string | undefined> = []
  const token = async (rejected?: string) => {
    asked.push(rejected)
    return rejected === undefined ? 'first' : 'second'
  }
  const client = createClient(gateway.options({ token }))
  const outcomes = await Promise.all(['one', 'two', 'three'].map((sale) => client.buy('launch', sale)))
  t.strictSame(
    outcomes.map(({ outcome }) => outcome),
    ['confirmed', 'confirmed', 'confirmed']
  )
  t.strictSame(asked, [undefined, 'first'])
  gateway.tokens = ['third']
  t.match(await client.buy('launch', 'phone'), { outcome: 'refused', code: 'UNAUTHENTICATED' })
  const failing = createClient(
    gateway.options({ token: () => Promise.reject(new Error('signed out')), deadlineMs: 1000 })
  )
  t.match(await failing.buy('launch', 'phone'), { outcome: 'unknown', reason: 'unreachable' })
})

test('whoever gives up is told so, and a request that never answers ends', async (t) => {
  const gateway = new LyingGateway(['never', 'truth'])
  t.match(await createClient(gateway.options({ attemptMs: 20 })).buy('launch', 'phone', { key: KEY }), {
    outcome: 'confirmed'
  })
  const leaving = new AbortController()
  const never = new LyingGateway(['never'])
  const act = buy(never, { signal: leaving.signal })
  leaving.abort()
  t.match(await act, { outcome: 'unknown', reason: 'aborted', key: KEY })
  t.match(await buy(never, { signal: leaving.signal }), { outcome: 'unknown', reason: 'aborted' })
  await t.rejects(buy(never, { key: 'short' }), TypeError)
})

test('a read asks again while nobody answers, and rejects with what says no', async (t) => {
  const gateway = new LyingGateway(['lost', 'proxy', 'limited', 'unavailable', 'truth'])
  gateway.decided.set('launch', 1)
  t.match(await createClient(gateway.options()).campaign('launch'), { outcome: 'confirmed' })
  const missing = createClient(new LyingGateway().options()).campaign('none')
  await t.rejects(missing, { name: 'ReadError', code: 'NOT_FOUND', problem: { status: 404 } })
  const silent = new LyingGateway(Array.from({ length: 99 }, () => 'lost' as const))
  const error = await createClient(silent.options())
    .orders({ campaign: 'launch' })
    .catch((thrown: unknown) => thrown)
  t.ok(error instanceof ReadError && error.code === 'UNREACHABLE')
})

const lies: readonly Lie[] = [
  'truth',
  'lost',
  'answer-lost',
  'pending',
  'pending-lost',
  'unavailable',
  'unknown',
  'unknown-decided',
  'limited',
  'proxy',
  'half',
  'garbage'
]

test('whatever a gateway does, an intention is decided at most once and its outcome is true', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...lies), { maxLength: 30 }),
      fc.boolean(),
      fc.nat({ max: 20_000 }),
      async (told, refuses, deadlineMs) => {
        const gateway = new LyingGateway(told)
        if (refuses) gateway.refusal = { status: 409, code: 'SOLD_OUT', members: { remaining: 0, mayReopen: false } }
        const outcome = await buy(gateway, { deadlineMs })
        const decided = gateway.decided.get(KEY) ?? 0
        const posts = gateway.seen.filter(({ method }) => method === 'POST')
        const isTrue = outcome.outcome === 'unknown' || decided === (outcome.outcome === 'confirmed' ? 1 : 0)
        const kept = posts.every(({ key, body }) => key === KEY && body === '{"quantity":1}')
        const patient = gateway.waited.every((ms, index) => ms >= (gateway.asked[index] ?? 0))
        // whoever has time learns the truth
        const ends = outcome.outcome !== 'unknown' || gateway.now > deadlineMs - 7500
        return isTrue && kept && patient && ends && decided <= 1 && gateway.now <= deadlineMs
      }
    ),
    { numRuns: 2000 }
  )
})

test('a wait is never shorter than asked for, spreads over half of itself, and has an end', async () => {
  const asked = fc.option(fc.nat({ max: 60_000 }), { nil: undefined })
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
  fc.assert(
    fc.property(fc.nat({ max: 2000 }), asked, chance, (tries, askedMs, random) => {
      const ms = backOff(tries, askedMs, () => random)
      const least = backOff(tries, askedMs, () => 0)
      return (
        ms >= (askedMs ?? 100) && ms >= least && ms <= least * 1.5 + 1 && ms <= Math.max(askedMs ?? 0, 5000) * 1.5 + 1
      )
    })
  )
})
