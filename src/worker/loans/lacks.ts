import { SYSTEM_USER } from '../../gate/batch/commands.ts'
import type { Item } from '../../gate/batch/encode.ts'
import { parseWish } from '../../gate/shard/wishes.ts'
import type { Frame } from '../../journal/frame.ts'
import { logical } from '../../record/keys.ts'
import type { LentItem } from '../../store/campaigns/loans.ts'
import { itemOf, nameOf, REMAINING } from '../projection/item.ts'
import { stockMoves } from '../projection/stock.ts'
import { Bell } from '../running/loop.ts'

/** How long a gateway's word is of interest: it says it again each time it asks. */
const WISH_MS = 300
/** Of the demand: units run low once fewer are left than were taken in this time. */
const DEMAND_MS = 2000
/** How many items are remembered: anybody may publish wishes. */
const MOST = 1000
/** A longer one names no item of ours. */
const LONGEST = 500
/** How many sizes of one item: those who want other ones say so again. */
const SIZES = 50

/** An item that is or may soon be missing. */
export interface Lack {
  readonly item: LentItem
  /** how many units are missing for those who wait, each size once */
  readonly sizes: readonly number[]
  /** units that were taken in the last two seconds */
  readonly demand: number
}

interface Known {
  readonly item: LentItem
  /** by size: until when it is of interest */
  readonly sizes: Map<number, number>
  /** oldest first; `at` in shard time */
  takes: ReadonlyArray<{ readonly at: number; readonly units: number }>
  takenAt: number
}

/** What is missing in a shard by the word of gateways, and what is taken there by its newest frames. Nothing rests on it. */
export class Lacks {
  /** rings when somebody waits for units */
  readonly bell = new Bell()
  readonly #now: () => number
  readonly #items = new Map<string, Known>()

  /** @param now ms of any beginning, which only rise */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Hears a gateway; what is no wish for an item is passed by. */
  hear(text: string): void {
    const wish = text.length <= LONGEST ? parseWish(text) : undefined
    const item = wish && itemOf(wish)
    const known = item && this.#known(item)
    if (wish === undefined || known === undefined) return
    const isNews = (known.sizes.get(wish.units) ?? 0) < this.#now()
    if (isNews && known.sizes.size >= SIZES) known.sizes.clear()
    known.sizes.set(wish.units, this.#now() + WISH_MS)
    if (isNews) this.bell.ring()
  }

  /** Meets what users took, as the owner of the shard stores it. */
  meet(frames: readonly Frame[]): void {
    for (const { at, decisions } of frames) {
      const taken = new Map<string, { readonly item: Item; units: number }>()
      for (const decision of decisions) {
        if (decision.user === SYSTEM_USER) continue
        for (const { campaign, activity, session, counter, delta } of stockMoves(decision)) {
          if (counter !== 'remaining' || delta >= 0) continue
          const item = { key: logical.stock(campaign, activity), field: `${session}${REMAINING}` }
          const known = taken.get(nameOf(item))
          if (known) known.units -= delta
          else taken.set(nameOf(item), { item, units: -delta })
        }
      }
      for (const { item, units } of taken.values()) this.#take(item, { at, units })
    }
  }

  #take(item: Item, take: { readonly at: number; readonly units: number }): void {
    const place = itemOf(item)
    const known = place && this.#known(place)
    if (known === undefined) return
    const newest = Math.max(take.at, ...known.takes.map(({ at }) => at))
    known.takes = [...known.takes, take].filter(({ at }) => at > newest - DEMAND_MS)
    known.takenAt = this.#now()
  }

  /** What is missing, or has been asked for lately. */
  list(): Lack[] {
    const now = this.#now()
    for (const [name, { sizes, takenAt }] of this.#items) {
      for (const [size, until] of sizes) if (until < now) sizes.delete(size)
      if (sizes.size === 0 && takenAt < now - DEMAND_MS) this.#items.delete(name)
    }
    return Array.from(this.#items.values(), ({ item, sizes, takes, takenAt }) => ({
      item,
      sizes: [...sizes.keys()],
      demand: takenAt < now - DEMAND_MS ? 0 : takes.reduce((sum, { units }) => sum + units, 0)
    }))
  }

  /** Something was done about an item: whoever still waits says so again. */
  served(item: Item): void {
    this.#items.get(nameOf(item))?.sizes.clear()
  }

  #known(item: LentItem): Known | undefined {
    const name = nameOf(item)
    const known = this.#items.get(name)
    if (known !== undefined || this.#items.size >= MOST) return known
    const made: Known = { item, sizes: new Map(), takes: [], takenAt: Number.NEGATIVE_INFINITY }
    this.#items.set(name, made)
    return made
  }
}
