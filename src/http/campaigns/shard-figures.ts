import { isoTime } from '../../base/iso-time.ts'
import type { Rules } from '../../campaign/definition/rules.ts'
import { stockItems } from '../../campaign/definition/stock.ts'
import { unpackSessions } from '../../campaign/parts/packed.ts'
import { logical } from '../../record/keys.ts'
import { httpKindOf } from '../kinds/index.ts'
import type { CampaignFigures, StockFigures } from '../kinds/parts/page.ts'

/** A campaign with the activities of its rules in force. */
export interface Place {
  readonly id: string
  readonly rules: Pick<Rules, 'activities'>
}

/** What one shard says about a campaign. */
export interface ShardFigures extends CampaignFigures {
  /** whether it holds the campaign's rules */
  readonly isThere: boolean
}

/** What the shards that were read say about a campaign, together. */
export interface SeenFigures extends CampaignFigures {
  /** when each shard was read, ms since 1970; null: its units and participants are not in these figures */
  readonly readAt: ReadonlyArray<number | null>
}

/** The logical keys from which `shardFigures` is made. */
export function keysOf({ id, rules }: Place): string[] {
  return [
    logical.campaign(id),
    ...rules.activities.flatMap((activity) => [
      ...(stockItems(activity).length > 0 || httpKindOf(activity).page.hasCounts
        ? [logical.stock(id, activity.id)]
        : []),
      ...(httpKindOf(activity).page.waitsForClosing ? [logical.activity(id, activity.id)] : [])
    ])
  ]
}

type Hashes = ReadonlyMap<string, Record<string, string>>

function stockFigures({ id, rules }: Place, hashes: Hashes): Map<string, StockFigures> {
  const figures = new Map<string, StockFigures>()
  for (const activity of rules.activities) {
    const stock = hashes.get(logical.stock(id, activity.id)) ?? {}
    for (const item of stockItems(activity)) {
      const total = stock[`${item.id}:total`]
      const remaining = stock[`${item.id}:remaining`]
      if (total === undefined || remaining === undefined) continue
      const [held = 0, paid = 0] = ['held', 'paid'].map((name) => Number(stock[`${item.id}:${name}`] ?? 0))
      figures.set(`${activity.id}/${item.id}`, { total: Number(total), remaining: Number(remaining), held, paid })
    }
  }
  return figures
}

function countsOf({ id, rules }: Place, hashes: Hashes): Map<string, number> {
  const counting = rules.activities.filter((activity) => httpKindOf(activity).page.hasCounts)
  return new Map(
    counting.flatMap((activity) => {
      const fields = Object.entries(hashes.get(logical.stock(id, activity.id)) ?? {})
      return fields.map(([field, count]) => [`${activity.id}/${field}`, Number(count)] as const)
    })
  )
}

/** The latest closing time in packed sessions, at most the campaign's; undefined if they cannot be read. */
function closingOf(rules: Record<string, string>, campaignClosesAt: string | undefined): number | undefined {
  try {
    const closings = unpackSessions(rules.sessions ?? '').map(({ closesAt }) => closesAt)
    const closing = Math.min(Math.max(...closings), Number(campaignClosesAt))
    return Number.isFinite(closing) ? closing : undefined
  } catch {
    return undefined
  }
}

/** @param found the hashes of `keysOf`, in that order */
export function shardFigures(
  campaign: Place,
  found: ReadonlyArray<Record<string, string>>,
  asOf: number
): ShardFigures {
  const hashes = new Map(keysOf(campaign).map((key, at) => [key, found[at] ?? {}]))
  const own = hashes.get(logical.campaign(campaign.id)) ?? {}
  const closings = new Map<string, number>()
  for (const { id } of campaign.rules.activities) {
    // only activities whose page needs the closing time were read
    const rules = hashes.get(logical.activity(campaign.id, id))
    const closing = rules && closingOf(rules, own.closes_at)
    if (closing !== undefined) closings.set(id, closing)
  }
  return {
    participants: Number(own.participants ?? 0),
    stock: stockFigures(campaign, hashes),
    counts: countsOf(campaign, hashes),
    ended: own.ended === '1',
    closings,
    asOf,
    isThere: own.opens_at !== undefined
  }
}

function sumsOf<Value>(all: ReadonlyArray<ReadonlyMap<string, Value>>, add: (one: Value, other: Value) => Value) {
  const sums = new Map<string, Value>()
  for (const one of all) {
    for (const [name, value] of one) {
      const before = sums.get(name)
      sums.set(name, before === undefined ? value : add(before, value))
    }
  }
  return sums
}

const addStock = (one: StockFigures, other: StockFigures): StockFigures => ({
  total: one.total + other.total,
  remaining: one.remaining + other.remaining,
  held: one.held + other.held,
  paid: one.paid + other.paid
})

/** The latest closing time of any shard; none where one shard does not say it, which may go on. */
function closingsOf(parts: ReadonlyArray<ShardFigures | undefined>): Map<string, number> {
  const known = parts.map((part) => part?.closings ?? new Map<string, number>())
  const latest = sumsOf(known, Math.max)
  return new Map([...latest].filter(([activity]) => known.every((closings) => closings.has(activity))))
}

/**
 * What shards say together; undefined where none has said anything. Units and participants are sums. What opens secrets, that a campaign
 * or draw is over, counts only where every shard says it: one that was closed meanwhile goes on by the rules it has when it is open again.
 * @param parts by number of the shard
 */
export function together(parts: ReadonlyArray<ShardFigures | undefined>): SeenFigures | undefined {
  const known = parts.filter((part) => part !== undefined)
  if (known.length === 0) return undefined
  return {
    participants: known.reduce((sum, { participants }) => sum + participants, 0),
    stock: sumsOf(
      known.map(({ stock }) => stock),
      addStock
    ),
    counts: sumsOf(
      known.map(({ counts }) => counts),
      (one, other) => one + other
    ),
    ended: known.length === parts.length && known.every(({ ended }) => ended),
    closings: closingsOf(parts),
    asOf: Math.max(...known.map(({ asOf }) => asOf)),
    readAt: parts.map((part) => part?.asOf ?? null)
  }
}

/** When the figures of a shard were read, as answers say it; null where they are not among the figures. */
export function shardAsOf(figures: SeenFigures | undefined, shard: number): string | null {
  const at = figures?.readAt[shard] ?? null
  return at === null ? null : isoTime(at)
}
