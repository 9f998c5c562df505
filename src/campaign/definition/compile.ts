import { DAY_MS } from '../../base/day.ts'
import { type ActivityRules, kindOf } from '../kinds/index.ts'
import { heldPrizesOf } from '../kinds/prizes.ts'
import { LONGEST_MS } from '../parts/bounds.ts'
import {
  type AddEntry,
  activityKey,
  campaignKey,
  commonFields,
  type Fields,
  flag,
  type Put,
  prizeField,
  putsOf,
  stockKey
} from '../parts/fields.ts'
import { compileLevels } from '../parts/levels.ts'
import { zoneOffsets } from '../parts/local-time.ts'
import { packPrize, packZone } from '../parts/packed.ts'
import type { StockItem } from '../parts/stock.ts'
import { finalAt } from './final.ts'
import type { Rules } from './rules.ts'
import { stockItems } from './stock.ts'

/** Rules and stock as the gate's flat hashes: values to write and numbers to add, by logical key. */
interface Compiled {
  readonly puts: readonly Put[]
  readonly adds: readonly AddEntry[]
}

/** State of a campaign that is no part of its definition. */
interface Flags {
  readonly ready: boolean
  readonly paused: boolean
  readonly ended: boolean
  readonly version: number
}

/** Users claim what a campaign gave, and the gate credits it, for a while after its end. */
const ZONE_KNOWN_MS = LONGEST_MS + 366 * DAY_MS

/** The offsets of the campaign's zone, from which the gate computes local days. */
export function compileZone(rules: Rules): Put {
  const offsets = zoneOffsets(rules.timezone, rules.opensAt, rules.opensAt + ZONE_KNOWN_MS)
  return [campaignKey(rules.id), 'zone', packZone(offsets)]
}

/** The campaign's own rules that adjustments and later versions change. */
export function compileLimits(rules: Rules): Put[] {
  return putsOf(campaignKey(rules.id), {
    opens_at: rules.opensAt,
    closes_at: rules.closesAt,
    rate: rules.admission?.ratePerSecond ?? 0,
    burst: rules.admission?.burst ?? 0,
    units_per_user: rules.unitsPerUser,
    final_at: finalAt(rules)
  })
}

/** All values of `c:<campaign>`. */
function compileCampaign(rules: Rules, flags: Flags): Put[] {
  const { policies } = rules
  return [
    ...putsOf(campaignKey(rules.id), {
      ready: flag(flags.ready),
      paused: flag(flags.paused),
      ended: flag(flags.ended),
      version: flags.version,
      release_limit: flag(policies.releasedOrderReturnsLimit),
      restock: flag(policies.returnRestocks),
      cancellable: policies.cancellable,
      ...(policies.rewardRelease === 'review' && { review: '1' }),
      ...compileLevels(rules)
    }),
    compileZone(rules),
    ...compileLimits(rules)
  ]
}

/** The fields of prizes that rewards hold: as those of a draw, so that a win of either is claimed and revoked in one way. */
function heldPrizeFields(activity: ActivityRules): Fields {
  const held = heldPrizesOf(activity)
  const pools = held.flatMap(({ id, pool }) => (pool === '' ? [] : [`${id}:${pool}`]))
  return {
    ...(pools.length > 0 && { pools: pools.join() }),
    ...Object.fromEntries(held.map((prize) => [prizeField(prize.id), packPrize(prize)]))
  }
}

/** All values of `a:<campaign>:<activity>`. */
export function compileActivity(rules: Rules, activity: ActivityRules): Put[] {
  const fields = {
    ...commonFields(activity),
    ...kindOf(activity).compile(rules, activity),
    ...heldPrizeFields(activity)
  }
  return putsOf(activityKey(rules.id, activity.id), fields)
}

/** An activity, and those whose fields repeat its sessions. */
export function compileWithFollowers(rules: Rules, id: string): Put[] {
  return rules.activities
    .filter((activity) => activity.id === id || kindOf(activity).reserves?.(activity).of === id)
    .flatMap((activity) => compileActivity(rules, activity))
}

/** Stock of sessions and prizes as it is first added. The gate changes `total` together with `remaining`. */
export function compileStock(
  rules: Rules,
  activity: ActivityRules,
  items: readonly StockItem[] = stockItems(activity)
): AddEntry[] {
  const key = stockKey(rules.id, activity.id)
  return items.map(({ id, stock }) => [key, `${id}:remaining`, stock] as const)
}

/** A whole campaign: every value, and the stock of every session and prize. */
export function compile(rules: Rules, flags: Flags): Compiled {
  return {
    puts: [
      ...compileCampaign(rules, flags),
      ...rules.activities.flatMap((activity) => compileActivity(rules, activity))
    ],
    adds: rules.activities.flatMap((activity) => compileStock(rules, activity))
  }
}
