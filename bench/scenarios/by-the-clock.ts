import type { WeightedRequest } from '../load/messages.ts'
import { byTheClock } from '../measuring/by-the-clock.ts'
import { proveSale } from '../measuring/proofs.ts'
import { buyPath, publishSale } from '../stack/admin.ts'
import { buy, PLENTY } from './buying.ts'
import type { Scenario } from './scenario.ts'

const buys = (campaign: string, weight = 1): WeightedRequest => ({
  kind: 'buy',
  weight,
  method: 'POST',
  path: buyPath(campaign),
  body: buy.body
})

const reads = (kind: string, weight: number, path: string): WeightedRequest => ({ kind, weight, method: 'GET', path })

/** units that the crowd of a sold-out sale runs for */
const STORM_STOCK = 2_000

/** What comes at its own times, whether or not the gateway keeps up. Rates are shares of what a closed loop confirmed right before. */
export const loadsByTheClock: readonly Scenario[] = [
  {
    ...buy,
    name: 'overload',
    title: 'buys by the clock, three times as many as a closed loop gets confirmed: the rest is refused early',
    measure: byTheClock({
      arrivals: (capacity, seconds) => ({ perSecond: capacity * 3, seconds: Math.max(5, seconds) }),
      requests: (campaign) => [buys(campaign)],
      fine: ['UNAVAILABLE', 'RATE_LIMITED', 'pending'],
      connections: 2_000
    })
  },
  {
    ...buy,
    name: 'mixed',
    title:
      'by the clock at 60 % of capacity in requests: a third buys, a third campaign pages, a third lists of orders',
    measure: byTheClock({
      arrivals: (capacity, seconds) => ({ perSecond: capacity * 0.6, seconds }),
      requests: (campaign) => [
        buys(campaign),
        reads('page', 1, `/v1/campaigns/${campaign}`),
        reads('orders', 1, '/v1/me/orders?limit=5')
      ],
      fine: ['UNAVAILABLE'],
      connections: 1_000
    })
  },
  {
    ...buy,
    name: 'peak',
    title: 'buys by the clock at 70 % of capacity',
    byDefault: false,
    measure: byTheClock({
      arrivals: (capacity, seconds) => ({ perSecond: capacity * 0.7, seconds }),
      requests: (campaign) => [buys(campaign)],
      fine: ['UNAVAILABLE'],
      connections: 1_000
    })
  },
  {
    ...buy,
    name: 'ramp',
    title: 'buys by the clock, from a tenth of capacity evenly to one and a half of it',
    byDefault: false,
    measure: byTheClock({
      arrivals: (capacity, seconds) => ({
        perSecond: capacity / 10,
        toPerSecond: capacity * 1.5,
        seconds: Math.max(15, seconds)
      }),
      requests: (campaign) => [buys(campaign)],
      fine: ['UNAVAILABLE', 'pending'],
      connections: 2_000
    })
  },
  {
    ...buy,
    name: 'storm',
    title: 'buys by the clock at twice the capacity for 2,000 units: sold out within a second, and everybody asks',
    byDefault: false,
    prepare: ({ file }, campaign) => publishSale(file, { campaign, stock: STORM_STOCK, unitsPerUser: PLENTY }),
    prove: (world, campaign, account) => proveSale(world, { campaign, stock: STORM_STOCK, soldBefore: 0 }, account),
    measure: byTheClock({
      arrivals: (capacity, seconds) => ({ perSecond: capacity * 2, seconds }),
      requests: (campaign) => [buys(campaign)],
      fine: ['SOLD_OUT', 'UNAVAILABLE', 'pending'],
      connections: 2_000
    })
  }
]
