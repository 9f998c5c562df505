import { weightsAt } from '../kinds/draw/compile.ts'
import type { Draw } from '../kinds/draw/rules.ts'
import { weightIn } from '../kinds/draw/rules.ts'
import type { ActivityRules } from '../kinds/index.ts'
import { FOR_NOTHING, NOT_FREE } from '../kinds/sale/check.ts'
import type { Sale } from '../kinds/sale/rules.ts'
import { Contradiction, type Draft } from './parts.ts'
import type { ActivityPatch } from './patch.ts'

type Kind = ActivityRules['kind']

/** The activity, which must be a draw for a field that only draws have. */
function drawOf({ activity }: Draft, pointer: string): Draw {
  if (activity.kind === 'draw') return activity
  throw new Contradiction(pointer, `${activity.id} is a ${activity.kind}; only draws have prizes and weights`)
}

/** The prize whose quota is changed. */
export function meantPrize(draft: Draft, name: string): string {
  const draw = drawOf(draft, '/prize')
  const prize = draw.prizes.find(({ id }) => id === name)
  if (!prize) throw new Contradiction('/prize', `${draw.id} has no prize ${name}`)
  if (prize.quota === null) throw new Contradiction('/prize', `${name} has no quota: nothing can be added to it`)
  return prize.id
}

type Prices = Pick<ActivityPatch, 'price' | 'free' | 'listPrice'>

/** A sale with other prices; the list price stays above the price, whichever of them moves. */
function pricedSale(sale: Sale, prices: Prices): Sale {
  const { listPrice: before, ...rest } = sale
  const { price = sale.price, free } = prices
  const listPrice = prices.listPrice === undefined ? before : (prices.listPrice ?? undefined)
  if (prices.price === 0 && free !== true) throw new Contradiction('/price', FOR_NOTHING)
  if (price > 0 && free === true) throw new Contradiction('/free', NOT_FREE)
  if (listPrice !== undefined && price >= listPrice) {
    throw prices.price === undefined
      ? new Contradiction('/listPrice', `must be above the price ${price}, but is ${listPrice}`)
      : new Contradiction('/price', `must be below the list price ${listPrice}, but is ${price}`)
  }
  return { ...rest, price, ...(listPrice === undefined ? {} : { listPrice }) }
}

/** A price in money of a sale and its list price, or what a redemption costs in its unit. */
export function applyPrices(draft: Draft, prices: Prices): void {
  const { activity, data } = draft
  const { price, listPrice } = prices
  if (activity.kind === 'sale') {
    draft.activity = pricedSale(activity, prices)
    if (price !== undefined) Object.assign(data, { price, priceBefore: activity.price })
    if (listPrice !== undefined) Object.assign(data, { listPrice, listPriceBefore: activity.listPrice ?? null })
    return
  }
  for (const name of ['listPrice', 'free'] as const) {
    if (prices[name] === undefined) continue
    throw new Contradiction(`/${name}`, `${activity.id} is a ${activity.kind}; only sales are sold for money`)
  }
  if (price === undefined) return
  if (activity.kind !== 'redemption') {
    throw new Contradiction('/price', `${activity.id} is a ${activity.kind}; only sales and redemptions have a price`)
  }
  const { cost } = activity
  if (price < 1) throw new Contradiction('/price', `must be at least 1 of ${cost.unit}`)
  Object.assign(data, { price, priceBefore: cost.amount })
  draft.activity = { ...activity, cost: { ...cost, amount: price } }
}

type Limits = NonNullable<ActivityPatch['limits']>

const limitsOfKind: Record<Kind, ReadonlyArray<keyof Limits>> = {
  sale: ['unitsPerUser'],
  redemption: ['unitsPerUser'],
  draw: ['perDay', 'perCampaign', 'winsPerCampaign', 'winsPerTier'],
  task: []
}

function winsPerTier(draw: Draw, changes: NonNullable<Limits['winsPerTier']>): Record<string, number> {
  const merged = Object.entries({ ...draw.limits.winsPerTier, ...changes })
  return Object.fromEntries(merged.filter((entry): entry is [string, number] => entry[1] !== null))
}

/** The limits that are named; null lifts one. */
export function applyLimits(draft: Draft, limits: Limits): void {
  const { activity } = draft
  for (const name of Object.keys(limits) as Array<keyof Limits>) {
    if (!limitsOfKind[activity.kind].includes(name)) {
      throw new Contradiction(`/limits/${name}`, `${activity.id} is a ${activity.kind}, which has no such limit`)
    }
  }
  draft.data.limits = limits
  if (activity.kind === 'sale' || activity.kind === 'redemption') {
    draft.activity = { ...activity, unitsPerUser: limits.unitsPerUser ?? 0 }
  } else if (activity.kind === 'draw') {
    const { winsPerTier: tiers, unitsPerUser: _none, ...numbers } = limits
    const given = Object.entries(numbers).map(([name, most]) => [name, most ?? 0])
    draft.activity = {
      ...activity,
      limits: {
        ...activity.limits,
        ...Object.fromEntries(given),
        ...(tiers === undefined ? {} : { winsPerTier: winsPerTier(activity, tiers) })
      }
    }
  }
}

/** Base weights by prize; prizes that a level weighs otherwise keep that. */
export function applyWeights(draft: Draft, weights: Readonly<Record<string, number>>): void {
  const draw = drawOf(draft, '/weights')
  for (const id of Object.keys(weights)) {
    if (!draw.prizes.some((prize) => prize.id === id)) {
      throw new Contradiction(`/weights/${id}`, `${draw.id} has no prize ${id}`)
    }
  }
  const weighed: Draw = {
    ...draw,
    prizes: draw.prizes.map((prize) => ({ ...prize, weight: weightIn(weights, prize) }))
  }
  for (const level of [0, ...draw.weightsByLevel.map((set) => set.level)]) {
    if (weightsAt(weighed, level).every((weight) => weight === 0)) {
      throw new Contradiction('/weights', `leave nothing to be drawn at level ${level}: their sum must be above 0`)
    }
  }
  draft.data.weights = weights
  draft.data.weightsBefore = Object.fromEntries(
    draw.prizes.filter(({ id }) => Object.hasOwn(weights, id)).map(({ id, weight }) => [id, weight])
  )
  draft.activity = weighed
}
