import fc from 'fast-check'
import t from 'tap'
import { type Costs, costsOf, needOf } from '../../bench/capacity/model.ts'

const costs: Costs = {
  gateway: { refused: 25, order: 50 },
  redis: { refused: 8, order: 24 },
  nats: 12,
  postgres: 25,
  workerPerSecond: 20_000
}
const perSecond = fc.integer({ min: 1, max: 10_000_000 })
const accepted = fc.double({ min: 0, max: 1, noNaN: true })

t.test('no part is busier than half, whatever the load', async () => {
  fc.assert(
    fc.property(perSecond, accepted, (perSecond, accepted) => {
      const need = needOf(costs, { perSecond, accepted })
      const refused = perSecond - need.orders
      const gateway = (refused * 25 + need.orders * 50) / 1e6
      const redis = (refused * 8 + need.orders * 24) / 1e6
      const full = gateway / need.gateways > 0.5000001 || redis / need.shards > 0.5000001
      return !full && need.orders <= need.workers * 20_000 && need.workers <= need.shards
    })
  )
})

t.test('a larger load, or one of which more get something, never needs less', async () => {
  fc.assert(
    fc.property(fc.tuple(perSecond, perSecond), fc.tuple(accepted, accepted), (loads, shares) => {
      const less = needOf(costs, { perSecond: Math.min(...loads), accepted: Math.min(...shares) })
      const all = needOf(costs, { perSecond: Math.max(...loads), accepted: Math.max(...shares) })
      return less.gateways <= all.gateways && less.workers <= all.workers && less.postgresCores <= all.postgresCores
    })
  )
})

t.test('gateways are told apart by user once their calls would fill a shard', async (t) => {
  t.match(needOf(costs, { perSecond: 10_000, accepted: 0 }), { gateways: 1, shards: 1, cells: false })
  t.match(needOf(costs, { perSecond: 500_000, accepted: 0.02 }), { cells: false, gateways: 26, gatewaysPerShard: 26 })
  t.match(needOf(costs, { perSecond: 10_000_000, accepted: 0.02 }), { cells: true, gatewaysPerShard: 3 })
})

t.test('what is written grows with what is given, and a refusal is written nowhere', async (t) => {
  const written = (load: Parameters<typeof needOf>[1]) => {
    const need = needOf(costs, load)
    const { postgresMegabytes, journalMegabytes, eventMegabytes, natsGigabytesPerHour, redisGigabytesPerHour } = need
    return [postgresMegabytes, journalMegabytes, eventMegabytes, natsGigabytesPerHour, redisGigabytesPerHour]
  }
  t.same(written({ perSecond: 1_000_000, accepted: 0 }), [0, 0, 0, 0, 0])
  const of = written({ perSecond: 1_000_000, accepted: 0.5 })
  t.ok(of.every((value, at) => Math.abs(value * 2 - (written({ perSecond: 1_000_000, accepted: 1 })[at] ?? 0)) < 1e-6))
  const [, journal = 0, events = 0, disk = 0] = of
  t.ok(Math.abs(disk - ((journal + events) * 3600) / 1000) < 1e-6, 'on the disk is what both streams get')
})

t.test('a result without a scenario that is counted with says which', async (t) => {
  t.throws(() => costsOf([]), /no scenario "refused"/)
})
