import type { Pool } from 'pg'
import type { Decider } from '../../gate/gate.ts'
import { userField } from '../../record/fields.ts'
import { logical } from '../../record/keys.ts'
import { replayField } from '../../record/replay.ts'
import { closeImports, type ImportSettlement, type OpenImport, openImports } from '../../store/campaigns/imports.ts'
import { decisionsUnder } from '../../store/reading/orders.ts'

/** Commands in flight: one batch of the gate, so that users who buy meanwhile wait for one more batch at most. */
const AT_ONCE = 128
/** The longest step, so that a worker can stop in time. */
const STEP_MS = 1000

/** The replay field under which an opening balance is credited: once for a unit and a reference. */
function importKey({ unit, reference }: Pick<OpenImport, 'unit' | 'reference'>): string {
  return replayField.importLine(unit, reference)
}

/** Asks the gate to credit opening balances, each by a command about its user. */
export class ImportDriver {
  readonly #pool: Pool
  readonly #gate: Decider
  /** the last import asked for, so that imports that cannot be credited now do not block the rest */
  #after = 0

  constructor(pool: Pool, gate: Decider) {
    this.#pool = pool
    this.#gate = gate
  }

  /** @returns the number of imports closed in this step */
  async step(): Promise<number> {
    const until = performance.now() + STEP_MS
    let closed = 0
    do {
      const open = await openImports(this.#pool, { after: this.#after, most: AT_ONCE })
      this.#after = open.length === AT_ONCE ? (open.at(-1)?.id ?? 0) : 0
      const settlements = await this.#credit(open)
      await closeImports(this.#pool, settlements)
      closed += settlements.length
      // none closed: the gate is away, so further commands would fail too
      if (settlements.length === 0) return closed
    } while (this.#after > 0 && performance.now() < until)
    return closed
  }

  async #credit(open: readonly OpenImport[]): Promise<ImportSettlement[]> {
    const fields = open.map((one) => ({ user: one.user, key: importKey(one) }))
    const known = await decisionsUnder(this.#pool, fields)
    const settled = await Promise.all(open.map((one, index) => this.#creditOne(one, known[index])))
    return settled.filter((settlement) => settlement !== undefined)
  }

  async #creditOne(one: OpenImport, known: string | undefined): Promise<ImportSettlement | undefined> {
    const { id, unit, reference, user, amount } = one
    if (known !== undefined) return { id, decision: known }
    const outcome = await this.#gate.submit({
      op: 'adjust',
      type: 'balance.credited',
      user,
      key: importKey(one),
      hash: `${amount}`,
      campaign: '',
      activity: '',
      puts: [],
      adds: [[logical.user(user), userField.balance(unit, ''), amount]],
      request: JSON.stringify({ import: { unit, reference } })
    })
    if (outcome.kind === 'confirmed') return { id, decision: outcome.decision.id }
    return outcome.kind === 'refused' ? { id, refusal: outcome.code } : undefined
  }
}
