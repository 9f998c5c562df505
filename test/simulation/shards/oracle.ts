import { type Item, items, type Stock } from './decision.ts'
import { FACT_MS, type Fact, type Shard } from './shard.ts'

/** What was left at a moment, which no process can see at once. */
interface Sample {
  readonly at: number
  readonly remaining: readonly number[]
  readonly lent: readonly number[]
  /** lent and not received */
  readonly onTheirWay: number
  readonly given: number
}

/** Remembers what all shards had, and judges who says that too few were left. */
export class Oracle {
  readonly #shards: readonly Shard[]
  readonly #samples: Record<Item, Sample[]> = { unit: [], prize: [] }

  constructor(shards: readonly Shard[]) {
    this.#shards = shards
  }

  /** Stock has changed. */
  note(at: number): void {
    for (const item of items) {
      const stocks = this.#shards.map(({ stock }) => stock[item])
      const of = (name: keyof Stock) => stocks.map((stock) => stock[name])
      const [lent, remaining] = [of('lent'), of('remaining')]
      const onTheirWay = sum(lent) - sum(of('received'))
      this.#samples[item].push({ at, remaining, lent, onTheirWay, given: sum(of('given')) })
    }
  }

  /**
   * "Too few are left" is true if the others were read within the last second, and either at one moment since then all shards together, with
   * what was on its way, had fewer than asked; or each other shard at a moment of its own while they were read, nothing being on its way, with
   * what is here and what this shard has lent since.
   */
  judge(
    shard: Shard,
    at: { readonly item: Item; readonly asked: number; readonly now: number },
    fact: Fact
  ): string | undefined {
    if (fact.began < at.now - FACT_MS) return `the others were read ${at.now - fact.began} ms ago`
    const since = this.#between(at.item, fact.began, at.now)
    if (since.some(({ remaining, onTheirWay }) => sum(remaining) + onTheirWay < at.asked)) return undefined
    const reading = this.#between(at.item, fact.began, fact.ended)
    const most = Math.max(...reading.map(({ onTheirWay }) => onTheirWay))
    const others = this.#shards.map(({ number }) =>
      number === shard.number ? 0 : Math.min(...reading.map(({ remaining }) => remaining[number] ?? 0))
    )
    const { remaining, lent } = shard.stock[at.item]
    const here = remaining + lent - (since[0]?.lent[shard.number] ?? 0)
    if (here + sum(others) + most < at.asked) return undefined
    return `all had at least ${Math.min(...since.map(({ remaining, onTheirWay }) => sum(remaining) + onTheirWay))}`
  }

  /** How many there were at any moment, with those on their way and without what was given meanwhile. */
  fewest(item: Item, from: number, to: number): number {
    const samples = this.#between(item, from, to)
    const given = (samples.at(-1)?.given ?? 0) - (samples[0]?.given ?? 0)
    return Math.min(...samples.map(({ remaining, onTheirWay }) => sum(remaining) + onTheirWay)) - given
  }

  #between(item: Item, from: number, to: number): readonly Sample[] {
    const samples = this.#samples[item]
    const first = samples.findLastIndex(({ at }) => at < from)
    return samples.slice(Math.max(0, first)).filter(({ at }) => at <= to)
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
