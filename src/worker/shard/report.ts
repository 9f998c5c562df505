import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { Pool } from 'pg'
import { auditDebts } from '../../campaign/carrying/audit-debts.ts'
import type { Verdict, Verdicts } from '../../health/conditions.ts'
import { saveWorkerReports } from '../../store/shard/health.ts'
import type { Position } from '../../store/shard/shards.ts'
import { Lag } from './lag.ts'

/** How long the owner's last report is valid: afterwards the owner may hang. */
const SAID_MS = 5000
/** A reader that has something to read and has not moved for this long counts as standing still. */
const STILL_MS = 5000
const LAG_MS = 15_000

/** A name for a worker that no other has. */
export const workerName = (): string => `${hostname()} ${process.pid} ${randomBytes(4).toString('hex')}`

/** The report of a worker about itself and, if it owns a shard, about that shard. */
export class WorkerReport {
  readonly #shard: number
  readonly #worker: string
  readonly #lagMs: number
  // kept over ownerships: an owner that ends and begins again every second must not look as if it kept up
  readonly #projection = new Lag()
  readonly #events = new Lag()
  #term = 0
  #verdicts: Verdicts = {}
  #saidAt = Number.NEGATIVE_INFINITY

  /** @param lagMs how far a reader may be behind (15,000) */
  constructor({ worker, shard }: { readonly worker: string; readonly shard: number }, lagMs = LAG_MS) {
    this.#worker = worker
    this.#shard = shard
    this.#lagMs = lagMs
  }

  owns(term: number): void {
    this.#term = term
    this.say({})
  }

  /** Reports that this worker is not the owner any more; `why` is the reason if its work failed. */
  standsBy(why = ''): void {
    this.#term = 0
    this.say(why === '' ? {} : { projecting: { ok: false, detail: `the work on the shard ended: ${why}` } })
  }

  /** Replaces the owner's report. */
  say(verdicts: Verdicts): void {
    this.#verdicts = verdicts
    this.#saidAt = performance.now()
  }

  projection(end: Position, place: Position): Verdicts {
    const { lagMs, stillMs } = this.#projection.measure(end, place, performance.now())
    const seconds = Math.round(lagMs / 1000)
    return {
      projecting:
        stillMs < STILL_MS
          ? { ok: true, detail: `up to ${place.epoch}:${place.sequence} of ${end.epoch}:${end.sequence}` }
          : { ok: false, detail: `stands at ${place.epoch}:${place.sequence} for ${Math.round(stillMs / 1000)} s` },
      'projection-lag': { ok: lagMs < this.#lagMs, detail: `${seconds} s`, figure: lagMs / 1000 }
    }
  }

  events(end: Position, place: Position | undefined): Verdict {
    if (!place) return { ok: false, detail: 'no event was told yet' }
    const { lagMs } = this.#events.measure(end, place, performance.now())
    return { ok: lagMs < this.#lagMs, detail: `${Math.round(lagMs / 1000)} s`, figure: lagMs / 1000 }
  }

  /** What is written to Postgres. @param audit owner or not, each worker carries out commands of operators */
  row(audit: Verdict) {
    const isFresh = performance.now() - this.#saidAt < SAID_MS
    const conditions = { ...(isFresh && this.#verdicts), audit }
    return { worker: this.#worker, shard: this.#shard, ownerTerm: this.#term, conditions }
  }
}

/** Writes the reports of a worker to Postgres once: one statement for all of its shards. */
export async function saveReports(pool: Pool, reports: readonly WorkerReport[]): Promise<void> {
  const audit = auditDebts(pool).verdict()
  await saveWorkerReports(
    pool,
    reports.map((report) => report.row(audit))
  )
}
