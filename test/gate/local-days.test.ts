import { deepEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { zoneOffsets } from '../../src/campaign/parts/local-time.ts'
import { packZone } from '../../src/campaign/parts/packed.ts'
import type { Decision } from '../../src/gate/batch/outcomes.ts'
import { decodeCompletion } from '../../src/record/reports/completion.ts'
import { decodeSpin } from '../../src/record/reports/spin.ts'
import { dayOf } from '../support/model/deal.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { insist, packedSession } from '../support/shop/core.ts'
import { type ActivitySpec, openActivity, setClock, takePart } from '../support/shop/participation.ts'
import { assertWhole, atRest, decisionOf, openShop, rawCall, type Shop } from '../support/shop/shop.ts'

const urls = await sharedServers(t)

const MINUTE = 60_000
const DAY = 86_400_000
/** all clock changes of a year lie ahead of it, and it lies ahead of the real clock */
const start = Date.UTC(new Date().getUTCFullYear() + 2, 0, 10)

type Zone = ReadonlyArray<{ readonly from: number; readonly minutes: number }>

/** Campaigns of a check-in and a draw that can each be done once a local day. */
function activities(campaign: string, zone: Zone): { checkIn: ActivitySpec; wheel: ActivitySpec } {
  const [opensAt, closesAt] = [Date.now() - DAY, start + 500 * DAY]
  const campaignRules = { closes_at: String(closesAt), zone: packZone(zone) }
  const sessions = packedSession({ opensAt, closesAt, id: 'all' })
  return {
    checkIn: {
      campaign,
      activity: 'check-in',
      kind: 'task',
      campaignRules,
      rules: { sessions, per: 'day', streak: '3=points b:points 9 0 0' }
    },
    wheel: {
      campaign,
      activity: 'wheel',
      kind: 'draw',
      campaignRules,
      rules: {
        sessions,
        per_day: '1',
        prizes: 'thanks',
        weights: '0:1',
        fallback: 'thanks',
        'prize:thanks': '9;nothing;0;0;0;0;0;;'
      }
    }
  }
}

async function opened(shop: Shop, campaign: string, zone: Zone) {
  const both = activities(campaign, zone)
  for (const spec of [both.checkIn, both.wheel]) decisionOf(await shop.gate.submit(openActivity(spec)))
  return both
}

/** The first moment of a later local day, looked for minute by minute. */
function nextDay(zone: Zone, at: number): number {
  const today = dayOf({ zone }, at)
  let next = Math.floor(at / MINUTE) * MINUTE
  while (dayOf({ zone }, next) <= today) next += MINUTE
  return next
}

const zones: Record<string, Zone> = {
  shanghai: zoneOffsets('Asia/Shanghai', start, start + 400 * DAY),
  'new-york': zoneOffsets('America/New_York', start, start + 400 * DAY),
  // changes its clocks at midnight, forward to one o'clock and back to it
  havana: zoneOffsets('America/Havana', start, start + 400 * DAY),
  // and back from midnight to the evening before
  beirut: zoneOffsets('Asia/Beirut', start, start + 400 * DAY),
  'lord-howe': zoneOffsets('Australia/Lord_Howe', start, start + 400 * DAY),
  // a day left out, as Samoa did
  samoa: [
    { from: 0, minutes: -600 },
    { from: start + 3 * DAY + 600 * MINUTE, minutes: 840 }
  ]
}

/** `<length of the row of days>,<1 with a bonus>` of a completion. */
function rowOf({ report }: Decision): string {
  const { streak, bonus } = decodeCompletion(report)
  return `${streak},${bonus ? 1 : 0}`
}

t.test('a local day ends at midnight of its zone, also on days when clocks change', async (t) => {
  const shop = await openShop(t, urls)
  const all = await Promise.all(
    Object.entries(zones).map(async ([name, zone]) => ({ zone, ...(await opened(shop, name, zone)) }))
  )
  const moments = new Set<number>()
  for (const zone of Object.values(zones)) {
    for (const { from } of zone.filter((record) => record.from > start)) {
      for (const hours of [-26, -1, 0, 1, 22, 25])
        for (const ms of [-1, 0, 1]) moments.add(from + hours * 60 * MINUTE + ms)
      for (const at of [from - 26 * 60 * MINUTE, from - MINUTE, from + MINUTE]) {
        for (const ms of [-1, 0]) moments.add(nextDay(zone, at) + ms)
      }
    }
  }
  const sorted = [...moments].sort((a, b) => a - b)
  for (const now of sorted) {
    await setClock(shop, now)
    const calls = all.flatMap(({ checkIn, wheel }) => [
      takePart(checkIn, `user-${now}`, { key: `u:${checkIn.campaign}-1` }),
      takePart(wheel, `user-${now}`, { key: `u:${checkIn.campaign}-2` }),
      takePart(wheel, `user-${now}`, { key: `u:${checkIn.campaign}-3` })
    ])
    const { replies } = await rawCall(shop, calls)
    const found = all.map((_, index) => {
      const [done, , refused] = replies.slice(index * 3)
      const day = done?.kind === 'decided' ? decodeCompletion(done.decision.report).day : done?.kind
      return [day, refused?.kind === 'refused' ? refused.members.resetsAt : refused?.kind]
    })
    const expected = all.map(({ zone }) => [dayOf({ zone }, now), new Date(nextDay(zone, now)).toISOString()])
    t.strictSame(found, expected, new Date(now).toISOString())
  }
  t.ok(sorted.length > 50, `${sorted.length} moments`)
})

t.test('the last and the first millisecond of a day are two days, and make a streak', async (t) => {
  const shop = await openShop(t, urls)
  for (const [name, zone] of Object.entries(zones).slice(0, 4)) {
    const { checkIn, wheel } = await opened(shop, name, zone)
    const change = zone.findLast(({ from }) => from > start && from < start + 365 * DAY)?.from ?? start
    let midnight = Math.max(
      nextDay(zone, change - DAY),
      Number(await shop.redis.hget(`${shop.prefix}shard`, 'clock')) + 2 * DAY
    )
    midnight = nextDay(zone, midnight)
    const user = `ann-of-${name}`
    const done: string[] = []
    for (const [index, at] of [
      midnight - 1,
      midnight,
      nextDay(zone, midnight) - 1,
      nextDay(zone, midnight)
    ].entries()) {
      await setClock(shop, at)
      const outcome = await shop.gate.submit(takePart(checkIn, user, { key: `u:check-${index}` }))
      const spun = await shop.gate.submit(takePart(wheel, user, { key: `u:spin-${index}` }))
      const row = outcome.kind === 'confirmed' ? rowOf(outcome.decision) : ''
      done.push(`${outcome.kind === 'refused' ? outcome.code : row} ${spun.kind}`)
    }
    t.strictSame(done, ['1,0 confirmed', '2,0 confirmed', 'ALREADY_DONE refused', '3,1 confirmed'], name)
    const late = nextDay(zone, nextDay(zone, nextDay(zone, midnight)))
    await setClock(shop, late)
    const broken = decisionOf(await shop.gate.submit(takePart(checkIn, user, { key: 'u:later' })))
    t.equal(decodeCompletion(broken.report).streak, 1, 'a missed day begins anew')
  }
  await assertWhole(t, shop)
})

/** A task per day with this streak, told by the system for any day. */
async function streaks(shop: Shop, campaign: string, streak: string) {
  const { checkIn } = activities(campaign, zones.shanghai as Zone)
  const spec = { ...checkIn, rules: { ...checkIn.rules, streak } }
  decisionOf(await shop.gate.submit(openActivity(spec)))
  const at = nextDay(zones.shanghai as Zone, start) + 30 * DAY
  await setClock(shop, at)
  const today = dayOf({ zone: zones.shanghai as Zone }, at)
  /** Tells of days before today, and what was given and is remembered after it. */
  return async (user: string, days: readonly number[]) => {
    const told: string[] = []
    for (const back of days) {
      const day = today - back
      const command = takePart(spec, user, { key: `x:goal:${campaign}-${day}`, by: 'system', day })
      told.push(rowOf(decisionOf(await insist(() => shop.gate.submit(command)))))
    }
    await atRest(shop)
    const hash = await shop.redis.hgetall(`${shop.prefix}u:${user}`)
    const record = hash[`st:${campaign}/check-in`]?.split(';') ?? []
    return { told, points: Number(hash['b:points'] ?? 0), last: today - Number(record[0]), length: Number(record[1]) }
  }
}

t.test('days that are reported in any order make the same streak, and the bonus is given once', async (t) => {
  const shop = await openShop(t, urls)
  const tell = await streaks(shop, 'late', '3=points b:points 9 0 0')
  const expected = { points: 9, last: 0, length: 3 }
  t.match(await tell('ann', [2, 1, 0]), { told: ['1,0', '2,0', '3,1'], ...expected })
  t.match(await tell('bob', [0, 2, 1]), { told: ['1,0', '1,0', '3,1'], ...expected })
  t.match(await tell('cid', [0, 1, 2]), { told: ['1,0', '2,0', '3,1'], ...expected })
  t.match(await tell('dan', [2, 0]), { points: 0, last: 0, length: 1 }, 'a missed day breaks it')
  let user = 0
  const days = fc.uniqueArray(fc.nat(11), { minLength: 1, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(days, async (order) => {
      user += 1
      const sorted = order.toSorted((a, b) => b - a)
      const [told, inOrder] = [await tell(`told-${user}`, order), await tell(`sorted-${user}`, sorted)]
      const without = ({ points, last, length }: typeof told) => ({ points, last, length })
      deepEqual(without(told), without(inOrder), `${order} gives what ${sorted} gives`)
    }),
    { numRuns: 8, seed: 20_261_115 }
  )
  await assertWhole(t, shop)
})

t.test('where a late day joins two streaks, a bonus that was given twice is deducted from the next one', async (t) => {
  const shop = await openShop(t, urls)
  const tell = await streaks(shop, 'joined', '3=points b:points 9 0 0;7=points b:points 50 0 0')
  t.match(await tell('ann', [6, 5, 4, 3, 2, 1, 0]), { points: 59, last: 0, length: 7 })
  t.match(await tell('bob', [6, 5, 4, 2, 1, 0]), { points: 18, length: 3 }, 'each row has reached three days')
  t.match(await tell('bob', [3]), { told: ['7,1'], points: 59, last: 0, length: 7 })
  const few = await streaks(shop, 'few', '2=points b:points 9 0 0;7=points b:points 50 0 0')
  const before = (await tell('cid', [])).points
  t.match(await few('cid', [6, 5, 3, 2, 4]), { points: before + 18, length: 5 }, 'nothing is taken back')
  t.match(await few('cid', [1, 0]), { points: before + 59, last: 0, length: 7 }, 'but given once in all')
  await assertWhole(t, shop)
})

t.test('unused chances are carried over, also those of days without a spin, from thirty days at most', async (t) => {
  const shop = await openShop(t, urls)
  const zone = zones.shanghai as Zone
  const { wheel } = activities('kept', zone)
  const opensAt = nextDay(zone, start) + DAY
  const chances = {
    per_day: '0',
    cost_unit: 'chances:wheel',
    cost_field: 'ch:kept/wheel',
    cost: '1',
    daily: '2',
    keep: '1'
  }
  const sessions = packedSession({ opensAt, closesAt: start + 500 * DAY, id: 'all' })
  const spec = { ...wheel, rules: { ...wheel.rules, ...chances, edition: '2', sessions } }
  decisionOf(await shop.gate.submit(openActivity(spec)))
  /** Spins on a day since the opening. @returns chances of the day that are left after it */
  const spin = async (user: string, on: number, key: string) => {
    await setClock(shop, opensAt + on * DAY)
    const outcome = await shop.gate.submit(takePart(spec, user, { key: `u:${key}` }))
    return outcome.kind === 'confirmed' ? decodeSpin(outcome.decision.report).left : outcome.kind
  }
  t.equal(await spin('ann', 0, 'a'), 1)
  t.equal(await spin('ben', 0, 'a'), 1)
  t.equal(await spin('ann', 2, 'b'), 4, 'one of the first day, two of the day between, two of today, less one')
  t.equal(await spin('new', 2, 'a'), 5, 'who comes late has those since the draw opened')
  t.equal(await spin('ann', 3, 'c'), 5)
  t.equal(await spin('ben', 90, 'b'), 61, 'sixty and those of today, less one')
  await atRest(shop)
  t.match(await shop.redis.hget(`${shop.prefix}u:ben`, 'dk:kept/wheel'), /;60$/)
  await assertWhole(t, shop)
})

t.test('a goal that was reached in time is decided after the close too, and after an early end', async (t) => {
  const shop = await openShop(t, urls)
  const opensAt = start - 2 * DAY
  const spec: ActivitySpec = {
    campaign: 'over',
    activity: 'buyer',
    kind: 'task',
    campaignRules: { closes_at: String(start) },
    rules: {
      sessions: packedSession({ opensAt, closesAt: start - DAY, id: 'all' }),
      per: 'campaign',
      per_campaign: '1',
      goal: '1',
      reward: 'points b:points 9 0 0'
    }
  }
  const opening = openActivity(spec)
  decisionOf(await shop.gate.submit(opening))
  const tell = (user: string) => shop.gate.submit(takePart(spec, user, { key: 'x:goal', by: 'system' }))
  await setClock(shop, opensAt - 1)
  t.match(await tell('ann'), { kind: 'refused', code: 'NOT_STARTED' })
  for (const [user, at] of Object.entries({ ann: opensAt, ben: start - DAY, cem: start, dan: start + 30 * DAY })) {
    await setClock(shop, at)
    decisionOf(await tell(user))
    t.match(await shop.gate.submit(takePart(spec, user)), { kind: 'refused', code: 'UNVERIFIED' })
  }
  decisionOf(
    await shop.gate.submit({ ...opening, key: 'x:adj:end', puts: [['c:over', 'ended', '1']], adds: [], hash: 'end' })
  )
  decisionOf(await tell('eve'))
  await assertWhole(t, shop)
})
