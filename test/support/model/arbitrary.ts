import fc from 'fast-check'
import type { FairOp } from './participation.ts'
import type { DrawSetup, FairSetup, Give, MallSetup, PrizeSetup, TaskSetup } from './setup.ts'

/** Arbitrary campaigns of draws, tasks and redemptions, and what people do in them: small numbers, so that limits are reached. */

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

export const userNames = ['ann', 'ben', 'cat'] as const

const points = (amount: number, multiplied = false): Give => ({
  unit: 'points',
  field: 'b:points',
  amount,
  cap: 0,
  multiplied
})
const chances = (campaign: string, amount: number, cap: number): Give => ({
  unit: 'chances:wheel',
  field: `ch:${campaign}/wheel`,
  amount,
  cap,
  multiplied: false
})
const vip = (campaign: string): Give => ({
  unit: 'entitlement:vip',
  field: `e:${campaign}/vip`,
  amount: 1,
  cap: 0,
  multiplied: false
})
const card = (
  campaign: string,
  { amount, hours, activities }: { amount: number; hours: number; activities: string[] }
): Give => ({
  unit: 'doubler',
  field: `db:${campaign}`,
  amount,
  cap: 0,
  multiplied: false,
  hours,
  activities
})

const anyPrize = fc.record({
  quota: fc.integer({ min: 0, max: 3 }),
  minSpins: fc.constantFrom(0, 0, 2),
  guaranteedAfter: fc.constantFrom(0, 0, 2, 4),
  even: fc.boolean(),
  weights: fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 })),
  claimWithinMs: fc.constantFrom(0, 2 * HOUR, 3 * DAY)
})

type AnyPrize = typeof anyPrize extends fc.Arbitrary<infer Value> ? Value : never

function prizesOf(campaign: string, [first, second]: readonly [AnyPrize, AnyPrize], cap: number): PrizeSetup[] {
  const plain = { tier: 2, quota: null, minSpins: 0, guaranteedAfter: 0, even: false, claimWithinMs: 0, subs: [] }
  const sub = (id: string, reward: Give[]) => ({ id, weight: 1, reward })
  return [
    { ...first, id: 'first', coded: true, tier: 1, type: 'physical', reward: [], subs: [] },
    { ...second, id: 'second', tier: 1, type: 'points', reward: [points(7), chances(campaign, 2, cap)], subs: [] },
    {
      ...plain,
      id: 'card',
      type: 'doubler',
      weights: [1, 2],
      reward: [card(campaign, { amount: 4, hours: 1, activities: ['daily'] })],
      subs: []
    },
    {
      ...plain,
      id: 'all-card',
      type: 'doubler',
      weights: [1, 1],
      reward: [card(campaign, { amount: 3, hours: 30, activities: [] })]
    },
    { ...plain, id: 'vip', type: 'eligibility', weights: [1, 1], reward: [vip(campaign)] },
    {
      ...plain,
      id: 'lucky',
      tier: 9,
      type: 'points',
      weights: [2, 1],
      reward: [],
      subs: [sub('one', [points(1)]), sub('two', [points(2)]), sub('chance', [chances(campaign, 1, cap)])]
    },
    // worth nothing and no fallback where that is a lucky one
    { ...plain, id: 'thanks', tier: 9, type: 'nothing', weights: [2, 2], reward: [] }
  ]
}

const anyDraw = (campaign: string, cap: number): fc.Arbitrary<DrawSetup> =>
  fc
    .record({
      unit: fc.constantFrom('points' as const, 'chances' as const),
      daily: fc.integer({ min: 0, max: 2 }),
      keep: fc.boolean(),
      perDay: fc.constantFrom(0, 0, 3),
      perCampaign: fc.constantFrom(0, 0, 6),
      winsPerCampaign: fc.constantFrom(0, 0, 2),
      winsOfTierOne: fc.constantFrom(0, 0, 1),
      fallback: fc.constantFrom('lucky', 'thanks'),
      prizes: fc.tuple(anyPrize, anyPrize)
    })
    .map(({ prizes, ...draw }) => ({
      ...draw,
      cost: draw.unit === 'points' ? 5 : 1,
      daily: draw.unit === 'points' ? 0 : draw.daily,
      keep: draw.unit === 'chances' && draw.keep && draw.daily > 0,
      prizes: prizesOf(campaign, prizes, cap)
    }))

const anyTasks = (campaign: string, cap: number): fc.Arbitrary<TaskSetup[]> =>
  fc.constantFrom([], [3], [2, 3], [2, 5]).map((days) => [
    {
      id: 'daily',
      per: 'day',
      goal: false,
      after: [],
      reward: [points(5, true), chances(campaign, 1, cap)],
      streak: days.map((length) => ({ days: length, reward: [points(length * 10, true)] }))
    },
    { id: 'once', per: 'campaign', goal: false, after: ['daily'], reward: [points(4, true)], streak: [] },
    {
      id: 'goal',
      per: 'day',
      goal: true,
      after: [],
      reward: [points(2), vip(campaign)],
      streak: [{ days: 2, reward: [points(9)] }]
    }
  ])

const anyMall: fc.Arbitrary<MallSetup> = fc.record({
  cost: fc.constantFrom(0, 6),
  stock: fc.integer({ min: 0, max: 4 }),
  codes: fc.integer({ min: 0, max: 4 }),
  unitsPerUser: fc.constantFrom(0, 2),
  entitlement: fc.constantFrom('', 'vip')
})

/** Offsets that change once or twice within the next days, by half an hour or an hour, also right at midnight. */
const anyZone = (now: number): fc.Arbitrary<FairSetup['zone']> =>
  fc
    .record({
      minutes: fc.constantFrom(-600, -240, 0, 210, 480, 765),
      change: fc.integer({ min: 1, max: 3 }),
      at: fc.constantFrom(0, 0, 60, 120, 180, 1380),
      by: fc.constantFrom(-60, 60, 30)
    })
    .map(({ minutes, change, at, by }) => {
      const midnight = Math.floor(now / DAY + change) * DAY - minutes * MINUTE
      const from = midnight + at * MINUTE
      return [
        { from: 0, minutes },
        { from, minutes: minutes + by },
        { from: from + 2 * DAY, minutes }
      ]
    })

export const anySetup = (campaign: string, now: number): fc.Arbitrary<FairSetup> =>
  fc.constantFrom(0, 2).chain((cap) =>
    fc.record({
      campaign: fc.constant(campaign),
      zone: anyZone(now),
      opensAt: fc.constant(now - HOUR),
      closesAt: fc.constant(now + 12 * DAY),
      draw: anyDraw(campaign, cap),
      tasks: anyTasks(campaign, cap),
      mall: anyMall
    })
  )

const keyed = {
  user: fc.constantFrom(...userNames),
  key: fc.nat(40),
  body: fc.constantFrom(0, 0, 0, 0, 0, 1)
}

const anyOp: fc.Arbitrary<FairOp> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ op: fc.constant('spin' as const), ...keyed, level: fc.nat(2) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant('task' as const),
      ...keyed,
      task: fc.constantFrom(0, 0, 1, 2),
      system: fc.boolean(),
      back: fc.nat(4)
    })
  },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant('claim' as const), ...keyed, quantity: fc.integer({ min: 1, max: 2 }) })
  },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant('grant' as const),
      ...keyed,
      unit: fc.constantFrom('points' as const, 'points' as const, 'vip' as const),
      amount: fc.integer({ min: -6, max: 12 })
    })
  },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constantFrom('take' as const, 'revoke' as const), win: fc.nat(30), key: fc.nat(1) })
  }
)

export type FairStep =
  | { readonly batch: readonly FairOp[] }
  /** sent to two gates at once */
  | { readonly raced: FairOp }
  /** the clock moves on: by ms, or to a moment around the next local midnight or change of the clocks */
  | { readonly later: number }
  | { readonly around: 'midnight' | 'change'; readonly by: number }

const by = fc.constantFrom(-1, 0, 1, HOUR)

export const anySteps: fc.Arbitrary<FairStep[]> = fc.array(
  fc.oneof(
    { weight: 10, arbitrary: fc.record({ batch: fc.array(anyOp, { minLength: 1, maxLength: 12 }) }) },
    { weight: 2, arbitrary: fc.record({ raced: anyOp }) },
    { weight: 2, arbitrary: fc.record({ later: fc.constantFrom(1, 1000, HOUR, 20 * HOUR, DAY, 2 * DAY) }) },
    {
      weight: 4,
      arbitrary: fc.record({ around: fc.constantFrom('midnight' as const, 'midnight' as const, 'change' as const), by })
    }
  ),
  { minLength: 5, maxLength: 24 }
)
