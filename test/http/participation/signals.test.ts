import { type Test, test } from 'tap'
import { SignalCounts } from '../../../src/http/running/signals.ts'
import { readSignals } from '../../../src/record/signals.ts'
import { publicApp } from '../../support/http/http-app.ts'
import { BUY_KEY, buy, refused } from '../../support/http/http-requests.ts'
import { accepted } from '../../support/http/scripted-gate.ts'

async function counting(t: Test, now?: () => number) {
  const texts: string[] = []
  const line = { isUp: true }
  const signals = new SignalCounts((text) => line.isUp && texts.push(text) > 0, now)
  const shop = await publicApp(t, { signals })
  const told = () => {
    signals.tell()
    const text = texts.pop()
    return text === undefined ? undefined : readSignals(text)
  }
  return { shop, signals, told, line }
}

test('what comes of a buy is counted by its outcome, also where it does not reach the gate', async (t) => {
  const { shop, told } = await counting(t)
  await buy(shop)
  shop.gate.outcome = accepted(undefined, true)
  await buy(shop)
  shop.gate.outcome = refused('SOLD_OUT', { remaining: 0, mayReopen: true })
  for (let time = 0; time < 3; time += 1) await buy(shop)
  shop.gate.outcome = { kind: 'pending', decision: accepted().decision }
  await buy(shop)
  shop.gate.outcome = { kind: 'unavailable', reason: 'away', retryAfterMs: 100 }
  await buy(shop)
  await buy(shop, { headers: { authorization: 'Bearer nonsense' } })
  await buy(shop, { headers: { 'idempotency-key': '' } })
  await buy(shop, { url: '/v1/campaigns/launch/sales/nothing/orders' })
  const signals = told()
  t.match(signals?.activities, [{ campaign: 'launch', activity: 'phone' }])
  t.equal(signals?.activities.length, 1, 'what no catalogue knows is counted nowhere')
  t.strictSame(signals?.activities[0]?.outcomes, {
    confirmed: 1,
    replayed: 1,
    pending: 1,
    SOLD_OUT: 3,
    UNAVAILABLE: 1,
    UNAUTHENTICATED: 1,
    IDEMPOTENCY_KEY_REQUIRED: 1
  })
  const sum = (counts: readonly number[] = []) => counts.reduce((all, count) => all + count, 0)
  t.equal(sum(signals?.activities[0]?.confirmedIn), 2)
  t.equal(sum(signals?.activities[0]?.refusedIn), 3)
  t.equal(told(), undefined, 'nothing is told twice, and nothing where nothing was counted')
})

test('some refusals are kept with who and why, a user once in a turn', async (t) => {
  const { shop, told } = await counting(t, () => 1_700_000_000_000)
  shop.gate.outcome = refused('LIMIT_REACHED', { scope: 'activity', limit: 1 })
  await buy(shop)
  await buy(shop)
  const sample = {
    user: 'alice',
    campaign: 'launch',
    activity: 'phone',
    code: 'LIMIT_REACHED',
    key: BUY_KEY,
    at: 1_700_000_000_000,
    members: { scope: 'activity', limit: 1 }
  }
  t.strictSame(told()?.refusals, [sample])
  await buy(shop)
  t.strictSame(told()?.refusals, [sample])
})

test('a crowd that is refused is counted, and sampled within bounds', async (t) => {
  const texts: string[] = []
  const signals = new SignalCounts((text) => texts.push(text) > 0)
  const asked = { campaign: { id: 'launch' }, activity: { id: 'phone' } }
  const big = { errors: 'x'.repeat(1000), remaining: 0 }
  for (let user = 0; user < 10_000; user += 1) {
    signals.ended(asked, signals.begin(), refused('SOLD_OUT', {}))
    signals.refused(asked, { user: `user-${user}`, key: 'k', code: 'SOLD_OUT', members: big })
  }
  for (let code = 0; code < 200; code += 1) signals.count(asked, `CODE_${code}`)
  signals.tell()
  const told = readSignals(texts[0] ?? '')
  t.equal(told?.activities[0]?.outcomes.SOLD_OUT, 10_000)
  t.equal(told?.refusals.length, 50)
  t.strictSame(told?.refusals[0]?.members, { remaining: 0 }, 'long texts are left out')
  t.ok((texts[0]?.length ?? 0) < 20_000)
  // the next second expects as many, and measures some of them
  for (let time = 0; time < 10_000; time += 1) signals.ended(asked, signals.begin(), refused('SOLD_OUT', {}))
  signals.tell()
  const measured = readSignals(texts[1] ?? '')?.activities[0]?.refusedIn.reduce((all, times) => all + times, 0) ?? 0
  t.ok(measured > 9_000 && measured <= 10_000, `those that are measured stand for all: ${measured}`)
  const all = signals.took.refused.counts.reduce((sum, times) => sum + times, 0)
  t.equal(all, 10_000 + measured, 'the metrics count the same, and go on')
  t.equal(readSignals('{"at":1}'), undefined)
  t.equal(readSignals('no JSON'), undefined)
})

test('what cannot be sent waits, and more is added to it', async (t) => {
  const { shop, told, line } = await counting(t)
  shop.gate.outcome = { kind: 'unavailable', reason: 'away', retryAfterMs: 100 }
  line.isUp = false
  await buy(shop)
  t.equal(told(), undefined)
  await buy(shop)
  line.isUp = true
  const signals = told()
  t.equal(signals?.activities[0]?.outcomes.UNAVAILABLE, 2)
  t.equal(signals?.refusals.length, 1)
})
