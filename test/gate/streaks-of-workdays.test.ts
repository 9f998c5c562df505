import { deepEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { businessDays, calendarOf, exceptionsOf } from '../../src/campaign/parts/calendar.ts'
import { packDays, packZone } from '../../src/campaign/parts/packed.ts'
import { decodeCompletion } from '../../src/record/reports/completion.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { insist, packedSession } from '../support/shop/core.ts'
import { type ActivitySpec, openActivity, setClock, takePart } from '../support/shop/participation.ts'
import { assertWhole, atRest, decisionOf, openShop, rawCall, type Shop } from '../support/shop/shop.ts'

const urls = await sharedServers(t)

const DAY = 86_400_000
/** a Monday, ahead of the real clock */
const monday = (Math.floor(Date.now() / DAY / 7) + 60) * 7 + 4
const dateOf = (day: number) => new Date(day * DAY).toISOString().slice(0, 10)
/** The second week has a free Wednesday, a worked Saturday and a holiday on the Sunday; forty days are off later. */
const calendar = calendarOf({
  holidays: [monday + 9, monday + 13, ...Array.from({ length: 40 }, (_, index) => monday + 30 + index)].map(dateOf),
  workdays: [dateOf(monday + 12)]
})
const isWorkday = businessDays(calendar)

function checkIn(campaign: string, rules: Record<string, string>): ActivitySpec {
  const closesAt = (monday + 300) * DAY
  return {
    campaign,
    activity: 'check-in',
    kind: 'task',
    campaignRules: { closes_at: String(closesAt), zone: packZone([{ from: 0, minutes: 480 }]) },
    rules: {
      sessions: packedSession({ opensAt: Date.now() - DAY, closesAt, id: 'all' }),
      per: 'day',
      reward: 'points b:points 1 0 0',
      ...rules
    }
  }
}

const steps = { streak: '3=points b:points 100 0 0;5=points b:points 1000 0 0' }
const workdays = { ...steps, streak_off: packDays(exceptionsOf(calendar)) }

/** Opens the task, and tells the days of users in an order; of each the length of its row, and a bonus. */
async function opened(shop: Shop, campaign: string, rules: Record<string, string>) {
  const spec = checkIn(campaign, rules)
  decisionOf(await shop.gate.submit(openActivity(spec)))
  return async (user: string, days: readonly number[]) => {
    const told: string[] = []
    for (const day of days) {
      const command = takePart(spec, user, { key: `x:goal:${campaign}-${day}`, by: 'system', day })
      const { streak, bonus } = decodeCompletion(decisionOf(await insist(() => shop.gate.submit(command))).report)
      told.push(`${streak ?? '-'},${bonus ? 1 : 0}`)
    }
    await atRest(shop)
    const hash = await shop.redis.hgetall(`${shop.prefix}u:${user}`)
    const [last = '', length] = (hash[`st:${campaign}/check-in`] ?? '').split(';')
    return { told, points: Number(hash['b:points'] ?? 0), last: Number(last) - monday, length: Number(length) }
  }
}

const from = (...days: number[]) => days.map((day) => monday + day)

t.test(
  'a day off between two workdays does not break their row, and does not lengthen it when it is done',
  async (t) => {
    const shop = await openShop(t, urls)
    await setClock(shop, (monday + 90) * DAY)
    const tell = await opened(shop, 'workdays', workdays)
    t.same(await tell('ann', from(3, 4, 7, 8, 10)), {
      told: ['1,0', '2,0', '3,1', '4,0', '5,1'],
      points: 1105,
      last: 10,
      length: 5
    })
    t.match(await tell('bob', from(4, 5, 6, 7)), { told: ['1,0', '-,0', '-,0', '2,0'], points: 4, last: 7, length: 2 })
    t.match(await tell('cid', from(10, 11, 14)), { told: ['1,0', '2,0', '1,0'] }, 'a worked Saturday that is missed')
    t.match(await tell('dan', from(10, 11, 12, 14)), { told: ['1,0', '2,0', '3,1', '4,0'] })
    t.match(await tell('eve', from(5)), { told: ['-,0'], points: 1, length: NaN })
    t.match(await tell('fay', from(28, 29, 70, 71)), { told: ['1,0', '2,0', '3,1', '4,0'] }, 'after forty days off')
    const every = await opened(shop, 'every', steps)
    t.match(await every('ann', from(3, 4, 7)), { told: ['1,0', '2,0', '1,0'] }, 'without it a row is of all days')
    await assertWhole(t, shop)
  }
)

t.test('workdays in any order give what as many days in a row give, whatever days off are among them', async (t) => {
  const shop = await openShop(t, urls)
  await setClock(shop, (monday + 90) * DAY)
  const [tell, plain] = [await opened(shop, 'workdays', workdays), await opened(shop, 'plain', steps)]
  const days = Array.from({ length: 21 }, (_, index) => monday + index)
  const worked = days.filter(isWorkday)
  let user = 0
  const some = fc.uniqueArray(fc.constantFrom(...days), { minLength: 1, maxLength: 16 })
  await fc.assert(
    fc.asyncProperty(some, async (order) => {
      user += 1
      // the n-th workday as the n-th day of a task without a calendar
      const ordinals = order.filter(isWorkday).map((day) => monday + worked.indexOf(day))
      const [real, other] = [await tell(`real-${user}`, order), await plain(`plain-${user}`, ordinals)]
      deepEqual(
        real.told.filter((_, index) => isWorkday(order[index] ?? 0)),
        other.told
      )
      deepEqual(real.points, other.points + (order.length - ordinals.length))
      if (ordinals.length > 0) deepEqual(real.length, other.length)
    }),
    { numRuns: 8, seed: 20_261_128 }
  )
  await assertWhole(t, shop)
})

t.test('days off that are not readable fail the task and guess nothing', async (t) => {
  const shop = await openShop(t, urls)
  for (const [index, rubbish] of ['x', '20000', ',2x,'].entries()) {
    const spec = checkIn(`bad-${index}`, { ...steps, streak_off: rubbish })
    decisionOf(await shop.gate.submit(openActivity(spec)))
    const { replies } = await rawCall(shop, [takePart(spec, 'ann', { key: `u:bad-${index}` })])
    t.match(replies, [{ kind: 'corrupt' }], rubbish)
  }
})
