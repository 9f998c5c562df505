import { shardOf } from '../../base/shards.ts'
import type { AdjustCommand } from '../../gate/batch/commands.ts'
import { EVEN } from '../../record/draw.ts'
import { campaignOfKey, logical, stockOfRules, stockPlaceOf } from '../../record/keys.ts'
import type { IntentPart } from '../../store/campaigns/intents.ts'

/** Values to write and numbers to add, as the gate takes them. */
export type Writes = Pick<AdjustCommand, 'puts' | 'adds'>

/** A shard among the others. */
interface Among {
  readonly shard: number
  /** how many there are */
  readonly count: number
}

/**
 * The part of units, or codes, that a shard gets: all get as many, and the first of them one more where they do not divide. Fewer than
 * there are shards are in one, which depends on what they are of, so that not all last units of a deployment are in the same shard.
 */
export function shareOf(units: number, key: string, { shard, count }: Among): number {
  if (units < count) return shard === shardOf(stockPlaceOf(key)?.activity ?? key, count) ? units : 0
  return Math.floor(units / count) + (shard < units % count ? 1 : 0)
}

/** The part of a campaign's rate. A bucket that never holds a whole token lets nobody in, so a shard's holds at least one. */
function shareOfRate(field: string, value: string, count: number): string {
  const share = Number(value) / count
  return field === 'burst' && share > 0 ? String(Math.max(1, share)) : String(share)
}

/** Whether a value says how many of evenly released prizes there are. */
const isEven = ([key, field]: Writes['puts'][number]) => field === EVEN && stockOfRules(key) !== undefined

/** How many of each evenly released prize there are after a change, by key and field of its stock. */
function evenUnits(puts: Writes['puts']): ReadonlyMap<string, number> {
  const prizes = puts.filter(isEven).flatMap(([key, , value]) =>
    value.split(',').map((entry) => {
      const [prize = '', units] = entry.split(':')
      return [`${stockOfRules(key)} ${prize}:remaining`, Number(units)] as const
    })
  )
  return new Map(prizes)
}

/**
 * The part of what is added to an evenly released prize: each shard has its even part of the whole afterwards, because that says when each
 * of its units is released. Where one has more already, the addition alone is split.
 */
function shareOfGrowth(delta: number, { key, whole }: { key: string; whole: number }, { shard, count }: Among): number {
  const grown = Array.from({ length: count }, (_, number) => {
    const among = { shard: number, count }
    return shareOf(whole, key, among) - shareOf(whole - delta, key, among)
  })
  return Math.min(...grown) < 0 ? shareOf(delta, key, { shard, count }) : (grown[shard] ?? 0)
}

const ofRate: ReadonlySet<string> = new Set(['rate', 'burst'])

/** Whether the shards have to be asked one after the other: what is removed is taken where it is. */
export function isOneByOne({ adds }: Pick<Writes, 'adds'>): boolean {
  return adds.some(([, , delta]) => delta < 0)
}

/**
 * What a shard gets of a change of rules and stock: all values, its part of what is added, and of what is removed all that the shards
 * before it did not have.
 * @param before what these did, where they are asked one by one
 */
export function partOf(writes: Writes, among: Among, before: readonly IntentPart[] = []): Writes {
  if (among.count === 1) return writes
  const even = evenUnits(writes.puts)
  return {
    puts: writes.puts.map((put) => {
      const [key, field, value] = put
      if (isEven(put)) return [key, field, `${among.count};${value}`] as const
      const isRate = ofRate.has(field) && key === logical.campaign(campaignOfKey(key) ?? '')
      return isRate ? ([key, field, shareOfRate(field, value, among.count)] as const) : put
    }),
    adds: writes.adds.map(([key, field, delta], index) => {
      const done = before.reduce((sum, part) => sum + (appliedOf(part)[index] ?? 0), 0)
      if (delta < 0) return [key, field, Math.min(0, delta - done)] as const
      const whole = even.get(`${key} ${field}`)
      const share = whole === undefined ? shareOf(delta, key, among) : shareOfGrowth(delta, { key, whole }, among)
      return [key, field, share] as const
    })
  }
}

const appliedOf = (part: IntentPart): readonly number[] => ('refusal' in part ? [] : part.applied)

/** What all shards together did: the first refusal, if there is one. */
export function whole(parts: readonly IntentPart[]): IntentPart {
  const refused = parts.find((part) => 'refusal' in part)
  const [first] = parts
  if (refused || first === undefined || 'refusal' in first) return refused ?? { refusal: '' }
  const sum = (index: number) => parts.reduce((total, part) => total + (appliedOf(part)[index] ?? 0), 0)
  return { decision: first.decision, applied: first.applied.map((_, index) => sum(index)) }
}
