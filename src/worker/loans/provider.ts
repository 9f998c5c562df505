import { randomUUID } from 'node:crypto'
import type { Pool } from 'pg'
import type { Look } from '../../gate/batch/decode.ts'
import type { Lending, Shards } from '../../gate/gate.ts'
import { type Looks, lookAtAll } from '../../gate/shard/look-at-all.ts'
import { beginLoan, type LentItem, loansOfItems, type OpenLoan } from '../../store/campaigns/loans.ts'
import type { Lack, Lacks } from './lacks.ts'
import { planLoans } from './plan-loans.ts'

interface ProviderParts {
  readonly pool: Pool
  readonly gate: Lending & Pick<Shards, 'numbers'>
  readonly shard: number
  readonly lacks: Lacks
}

/** How often it is looked whether units run low that nobody lacks yet. */
const LOW_EVERY_MS = 250

/** What one shard is asked about: an item that is missing there or runs low, and how many of it there are. */
interface Asked extends Lack {
  readonly here: number
  readonly isLow: boolean
}

/** What a shard has of an item: nothing where it answers and has no such field; undefined where it is not known. */
function unitsIn(look: Look | undefined, index: number): number | undefined {
  const units = look ? (look.units[index] ?? 0) : undefined
  return units === 'unreadable' ? undefined : units
}

/** Looks what a shard lacks and what the others have: begins loans, and notes for those who want more than there is that there is no more. */
export class Provider {
  readonly #parts: ProviderParts
  readonly #carry: (loan: OpenLoan, looks: Looks) => Promise<void>
  #lowAt = Number.NEGATIVE_INFINITY

  /** @param carry has a loan lent and received */
  constructor(parts: ProviderParts, carry: (loan: OpenLoan, looks: Looks) => Promise<void>) {
    this.#parts = parts
    this.#carry = carry
  }

  /** @returns how many items are missing or run low */
  async step(): Promise<number> {
    const { gate, shard, lacks } = this.#parts
    const isTime = performance.now() - this.#lowAt >= LOW_EVERY_MS
    const listed = lacks.list().filter(({ sizes }) => isTime || sizes.length > 0)
    if (listed.length === 0) return 0
    if (isTime) this.#lowAt = performance.now()
    const items = listed.map(({ item }) => item)
    const own = await gate.look(shard, items).catch(() => undefined)
    if (own === undefined) return 0
    const unreadable: string[] = []
    const asked = listed.flatMap((lack, index) => {
      // of codes that were never loaded there is no field, and none is there
      const here = own.units[index] ?? 0
      // whoever asks for it hears so
      if (here === 'unreadable') unreadable.push(lack.item.key)
      if (here === 'unreadable') return []
      const isLow = here < lack.demand
      return isLow || lack.sizes.length > 0 ? [{ ...lack, here, isLow }] : []
    })
    if (asked.length > 0) await this.#provide(asked, own)
    // last, because the others are to get theirs all the same
    if (unreadable.length > 0)
      throw new Error(`Stock of shard ${shard} is not readable in Redis, and gets no loans: ${unreadable.join(', ')}`)
    return asked.length
  }

  /** Which loans there are is looked at twice, around the reading of the others: what was on its way meanwhile was with nobody. */
  async #provide(asked: readonly Asked[], own: Look): Promise<void> {
    const { pool, gate, shard } = this.#parts
    const items = asked.map(({ item }) => item)
    const before = await loansOfItems(pool, items)
    const others = await lookAtAll(gate, items, shard)
    const after = await loansOfItems(pool, items)
    const looks = new Map([...others, [shard, own] as const])
    await Promise.all(
      asked.map(async (one, index) => {
        const units = new Map(
          gate.numbers
            .filter((number) => number !== shard)
            .map((number) => [number, unitsIn(others.get(number), index)] as const)
        )
        const isQuiet = before[index]?.open === 0 && after[index]?.open === 0
        const isMoving = !isQuiet || before[index]?.closing !== after[index]?.closing
        const { loans, elsewhere } = planLoans({ here: one.here, others: units, isMoving }, one.sizes, one.isLow)
        if (elsewhere !== undefined) await this.#note(one.item, elsewhere, own)
        await Promise.all(loans.map((loan) => this.#begin(one.item, loan, looks)))
      })
    )
  }

  /** It holds from when the own shard was read, which was before the others were. */
  async #note(item: LentItem, units: number | 'unknown', { opening, time }: Look): Promise<void> {
    const { gate, shard, lacks } = this.#parts
    const { key, field } = item
    await gate.writeFact(shard, { opening, item: { key, field }, units, seen: time }).then(
      () => lacks.served(item),
      // whoever waits says so again
      () => {}
    )
  }

  /** Its row is new, so it is sent under the openings that were learnt before. */
  async #begin(item: LentItem, { from, asked }: { readonly from: number; readonly asked: number }, looks: Looks) {
    const loan = { ...item, id: randomUUID(), from, to: this.#parts.shard, asked }
    if (await beginLoan(this.#parts.pool, loan))
      await this.#carry({ ...loan, lent: null, receivedBy: null, openMs: 0 }, looks)
  }
}
