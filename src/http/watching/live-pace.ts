import type { CampaignFigures } from '../kinds/parts/page.ts'

interface Seen {
  /** ms since 1970 */
  readonly at: number
  /** units taken, by `<activity>/<session or prize>` */
  readonly taken: ReadonlyMap<string, number>
}

const WINDOW_MS = 60_000
const LEAST_MS = 5000

/** How fast units go, by what was seen in the last minute. What operators add or take away changes nothing: it is no unit taken. */
export class Pace {
  #seen: Seen[] = []

  /** Notes figures; older ones than the last are left out. */
  note({ asOf, stock }: Pick<CampaignFigures, 'asOf' | 'stock'>): void {
    const last = this.#seen.at(-1)
    if (last !== undefined && asOf <= last.at) return
    const taken = new Map([...stock].map(([item, { total, remaining }]) => [item, total - remaining]))
    this.#seen = this.#seen.filter(({ at }) => at > asOf - WINDOW_MS)
    this.#seen.push({ at: asOf, taken })
  }

  /** Units a second of some sessions or prizes together; null while too little was seen, or one of them is not known. */
  of(items: readonly string[]): number | null {
    const [first, last] = [this.#seen[0], this.#seen.at(-1)]
    if (first === undefined || last === undefined || items.length === 0) return null
    const seconds = (last.at - first.at) / 1000
    if (seconds * 1000 < LEAST_MS) return null
    let units = 0
    for (const item of items) {
      const [before, now] = [first.taken.get(item), last.taken.get(item)]
      if (before === undefined || now === undefined) return null
      units += now - before
    }
    return Math.max(0, units / seconds)
  }
}
