import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { UnavailableError } from '../../base/errors.ts'
import { failPoint } from '../../config/fail-points.ts'
import type { Look } from '../../gate/batch/decode.ts'
import { lend, receive } from '../../gate/batch/loans.ts'
import type { Decider, Lending, Shards } from '../../gate/gate.ts'
import type { InRedis } from '../../gate/redis/outbox.ts'
import { type Looks, lookAtAll } from '../../gate/shard/look-at-all.ts'
import { readWaiting } from '../../gate/shard/reads.ts'
import { replayField } from '../../record/replay.ts'
import { decodeAdjustment } from '../../record/reports/adjustment.ts'
import { closeLoan, type OpenLoan, openLoansTo } from '../../store/campaigns/loans.ts'
import type { Lacks } from './lacks.ts'
import { Provider } from './provider.ts'

interface LoanParts extends InRedis {
  readonly pool: Pool
  readonly gate: Decider & Lending & Pick<Shards, 'numbers'>
  readonly shard: number
  readonly lacks: Lacks
  readonly logger: Logger
}

/** What is asked for is decided within this time of Redis after its row was listed: a key is kept for much longer once its row is closed. */
const ASKED_WITHIN_MS = 60_000
/** How long it is not looked for open loans where there were none: those that begin here are carried at once, and only what ended in between is found so. */
const QUIET_MS = 1000
/** How long a loan may be open: it takes milliseconds while both shards decide. */
const LONG_MS = 60_000

/**
 * Carries units from other shards to one: has them lent and received, each decided under a key of its loan and closed by its row. So it may
 * die anywhere, and two may do the same at once, one of them an hour late.
 */
export class LoanDriver {
  readonly #parts: LoanParts
  readonly #provider: Provider
  readonly #told = new Set<string>()
  #lookAt = Number.NEGATIVE_INFINITY

  constructor(parts: LoanParts) {
    this.#parts = parts
    this.#provider = new Provider(parts, (loan, looks) => {
      // one that stops on its way is taken up at the next step
      this.#lookAt = Number.NEGATIVE_INFINITY
      return this.#carry(loan, looks)
    })
  }

  /** @returns how many loans it worked on, and how many items are asked for */
  async step(): Promise<number> {
    return (await this.#carryOpen()) + (await this.#provider.step())
  }

  /** Openings first, rows then: what was decided before one of them is stored before it opens. */
  async #carryOpen(): Promise<number> {
    const { pool, shard, gate } = this.#parts
    if (performance.now() < this.#lookAt) return 0
    if ((await openLoansTo(pool, shard)).length === 0) {
      this.#lookAt = performance.now() + QUIET_MS
      return 0
    }
    const looks = await lookAtAll(gate)
    const open = await openLoansTo(pool, shard)
    this.#tellLong(open)
    await Promise.all(open.map((loan) => this.#carry(loan, looks)))
    return open.length
  }

  /** Each step may be done by somebody else too. */
  async #carry(loan: OpenLoan, looks: Looks): Promise<void> {
    if (failPoint) await failPoint('L1')
    const amount = loan.lent ?? (await this.#lend(loan, looks.get(loan.from)))
    if (amount === undefined) return
    if (failPoint) await failPoint('L2')
    if (amount > 0 && !(await this.#receive({ ...loan, amount }, looks.get(loan.to)))) return
    if (failPoint) await failPoint('L3')
    await closeLoan(this.#parts.pool, loan.id, amount > 0 ? 'received' : 'void')
    if (amount > 0) this.#parts.lacks.served(loan)
  }

  /** @returns what was lent; undefined while that may still be void, and would then be decided again with another amount */
  async #lend(loan: OpenLoan, look: Look | undefined): Promise<number | undefined> {
    if (look === undefined) return undefined
    const outcome = await this.#parts.gate.submit(lend({ ...loan, loan: loan.id, ...sentTo(look) }))
    if (outcome.kind !== 'confirmed') return undefined
    const [taken = 0] = decodeAdjustment(outcome.decision.report)?.applied ?? outcome.decision.applied ?? []
    return Math.abs(taken)
  }

  /** @returns whether it is received, and its units can be sold */
  async #receive(loan: OpenLoan & { readonly amount: number }, look: Look | undefined): Promise<boolean> {
    let receipt = loan.receivedBy
    if (receipt === null) {
      if (look === undefined) return false
      const outcome = await this.#parts.gate.submit(receive({ ...loan, loan: loan.id, ...sentTo(look) }))
      if (outcome.kind !== 'confirmed') return false
      receipt = outcome.decision.id
    }
    return this.#isSettled(receipt, replayField.receipt(loan.id))
  }

  /**
   * Closed when journaled and not settled, its units would be in no shard and in no open loan. In a Redis that was given up nothing waits of
   * what was decided since, and a former owner may still reach it.
   */
  async #isSettled(receipt: string, key: string): Promise<boolean> {
    const [, epoch] = receipt.split('-')
    const waiting = await readWaiting(this.#parts).catch(whileClosed)
    if (waiting === undefined || waiting.opening < Number(epoch)) return false
    return waiting.frames.every(({ payload }) => !payload.includes(JSON.stringify(key)))
  }

  #tellLong(open: readonly OpenLoan[]): void {
    const { logger, shard } = this.#parts
    for (const { id, campaign, key, field, from, lent, openMs } of open) {
      if (openMs < LONG_MS || this.#told.has(id)) continue
      this.#told.add(id)
      logger.error(
        {
          alarm: 'LOAN_OPEN',
          loan: id,
          campaign,
          key,
          field,
          from,
          to: shard,
          lent,
          seconds: Math.round(openMs / 1000)
        },
        'units have been on their way to this shard for too long: one of the two shards does not answer'
      )
    }
  }
}

function whileClosed(error: unknown): undefined {
  if (!(error instanceof UnavailableError)) throw error
}

function sentTo({ opening, time }: Look) {
  return { opening, notAfter: time + ASKED_WITHIN_MS }
}
