import type { Pool, PoolClient } from 'pg'
import { cancellationOf } from '../../campaign/actions/affected-orders.ts'
import { takeAll } from '../../campaign/actions/disqualification.ts'
import { expiryOf } from '../../campaign/actions/expiring-points.ts'
import { poolsIn, revocationOf } from '../../campaign/actions/revocation.ts'
import type { AuditedCommand } from '../../campaign/carrying/audited-gate.ts'
import type { Catalogue } from '../../campaign/carrying/catalogue.ts'
import type { Outcome, RefusalCode } from '../../gate/batch/outcomes.ts'
import type { Decider, Lending, Shards, UserReader } from '../../gate/gate.ts'
import { markAll } from '../../gate/shard/mark-all.ts'
import { decodeOrder } from '../../record/order.ts'
import { replayField } from '../../record/replay.ts'
import { decodeWin } from '../../record/win.ts'
import { findIntent } from '../../store/campaigns/intents.ts'
import { listEarners } from '../../store/campaigns/job-items.ts'
import {
  closeJobs,
  type DueItem,
  endListing,
  fixMarks,
  type ItemSettlement,
  type Job,
  jobsById,
  listOfUser,
  listOrders,
  openJobs,
  settleItems,
  takeDueItems
} from '../../store/campaigns/jobs.ts'
import { inTransaction } from '../../store/connection/transaction.ts'
import { voidCreditsOfUser } from '../../store/following/credits.ts'
import { type AuditEntry, recordAudits } from '../../store/operators/audit.ts'
import { hasDrawnSpin } from '../../store/projection/drawn-spins.ts'
import { ordersById } from '../../store/reading/orders.ts'
import { winsById } from '../../store/reading/wins.ts'
import { hasAllBefore, haveStored } from '../../store/shard/marks.ts'
import { ASKED_MS, became, workOff } from './due.ts'

/** Orders that one statement looks at. */
const PAGE = 1000
/** Pages of one look, so that a worker can stop in time. */
const PAGES = 20

/** Rows of the ledger that one statement looks at. */
const LEDGER_PAGE = 20_000

/** Refusals that stay of what expires: a user who decides something meanwhile is counted again. */
const finalOfExpiry: ReadonlySet<RefusalCode> = new Set(['KEY_REUSED'])

/** Refusals that stay. */
const final: ReadonlySet<RefusalCode> = new Set([
  'CONFLICT',
  'ENDED',
  'KEY_REUSED',
  'NOT_CANCELLABLE',
  'NOT_FOUND',
  'VOIDED'
])

interface JobParts {
  readonly pool: Pool
  readonly gate: Decider
  /** reads users' balances */
  readonly reader: Pick<UserReader, 'fieldsOf'>
  readonly catalogue: Pick<Catalogue, 'refresh' | 'get'>
  /** says how far they have come */
  readonly shards: Pick<Lending, 'look'> & Pick<Shards, 'numbers'>
}

/** What became of an item, and its entry in the audit trail where something was changed. */
interface Settled {
  readonly settlement: ItemSettlement
  readonly entry: AuditEntry | undefined
}

/** An item, its job, and what its command is made of. */
type Prepared = DueItem & { readonly of: Job; readonly asked: AuditedCommand | undefined }

/**
 * Does what operators asked for in bulk: lists it, page by page, and has the gate decide each part under a key of its own. A worker may die
 * anywhere: what is listed again is there already, and what is asked for again is the same decision.
 */
export class JobDriver {
  readonly #parts: JobParts

  constructor(parts: JobParts) {
    this.#parts = parts
  }

  /** @returns how many items were closed or put off */
  async step(): Promise<number> {
    const { pool } = this.#parts
    const jobs = await openJobs(pool)
    if (jobs.length === 0) return 0
    const failures: unknown[] = []
    for (const job of jobs) {
      if (job.state !== 'listing') continue
      // a job that cannot be listed keeps no other one waiting
      await this.#list(job).catch((error: unknown) => failures.push(error))
    }
    const settled = await workOff({
      take: (most) => takeDueItems(pool, { most, ms: ASKED_MS }),
      decide: (due) => this.#decide(due),
      note: (done) => inTransaction(pool, (client) => note(client, done))
    })
    await closeJobs(pool)
    if (failures.length > 0) throw failures[0]
    return settled
  }

  async #list(job: Job): Promise<void> {
    const { pool, shards } = this.#parts
    if (job.kind === 'disqualification') {
      const { asked } = job
      const { state } = (await findIntent(pool, job.intent ?? 0)) ?? {}
      // who is not excluded keeps everything
      if (state === 'refused') await endListing(pool, job.id)
      if (state === 'refused' || !(await this.#isBarred(job))) return
      await inTransaction(pool, async (client) => {
        // read before it is listed: a spin that was drawn before the exclusion may still become a win
        const isAll = !(await hasDrawnSpin(client, job.campaign, asked.user))
        await listOfUser(client, job, isAll)
        if (isAll) await endListing(client, job.id)
      })
      return
    }
    const now = job.marks ?? (await markAll(shards))
    if (now === undefined) return
    const marks = job.marks ?? (await fixMarks(pool, job.id, now))
    if (!(await haveStored(pool, marks))) return
    for (let page = 0; page < PAGES; page += 1) {
      const isFull =
        job.kind === 'cancellation'
          ? (await listOrders(pool, job, PAGE)) === PAGE
          : (await inTransaction(pool, (client) => listEarners(client, job, LEDGER_PAGE))) === LEDGER_PAGE
      if (isFull) continue
      await endListing(pool, job.id)
      return
    }
  }

  /** Whether the exclusion is stored and all that was decided before it; nothing comes after it but the end of a drawn spin. */
  #isBarred({ intent, asked: { user } }: Job & { readonly kind: 'disqualification' }): Promise<boolean> {
    return hasAllBefore(this.#parts.pool, { user, key: replayField.intent(intent ?? 0) })
  }

  async #decide(due: readonly DueItem[]): Promise<Settled[]> {
    await this.#parts.catalogue.refresh()
    const prepared = await this.#prepare(due)
    return Promise.all(prepared.map((one) => this.#settle(one)))
  }

  /** Reads what the commands of many items are made of, with a statement for each kind. */
  async #prepare(due: readonly DueItem[]): Promise<Prepared[]> {
    const { pool } = this.#parts
    const of = (kind: DueItem['kind']) => due.filter((one) => one.kind === kind).map(({ item }) => item)
    const jobs = await jobsById(pool, [...new Set(due.map(({ job }) => job))])
    const orders = await ordersById(pool, of('order'))
    const wins = await winsById(pool, of('win'))
    return due.flatMap((one) => {
      const job = jobs.get(one.job)
      if (job === undefined) return []
      const [order, win] = [orders.get(one.item), wins.get(one.item)]
      const asked =
        order !== undefined
          ? cancellationOf({ order: decodeOrder(order.id, order.record), user: order.user }, job)
          : win && this.#revocation(decodeWin(win.id, win.record), win.user, job)
      return [{ ...one, of: job, asked }]
    })
  }

  #revocation(win: ReturnType<typeof decodeWin>, user: string, { operator, reason, campaign, ...job }: Job) {
    const returnQuota = job.kind === 'disqualification' && job.asked.returnQuota
    const poolOf = poolsIn(this.#parts.catalogue.get(campaign)?.rules)
    return revocationOf({ win, user }, { operator, reason, returnQuota, poolOf })
  }

  async #settle(one: Prepared): Promise<Settled> {
    const { pool, gate, reader, catalogue } = this.#parts
    const place = { job: one.job, item: one.item, attempts: one.attempts }
    const nothing = { settlement: { ...place, to: 'done', decision: null, refusal: null }, entry: undefined } as const
    const { of: job } = one
    if (one.kind === 'credits' && job.kind === 'disqualification') {
      await voidCreditsOfUser(pool, job.campaign, job.asked.user)
      return nothing
    }
    if (job.kind === 'expiry') {
      const command = await expiryOf(pool, job, one.item)
      if (command === undefined) return nothing
      return { settlement: { ...place, ...settledBy(await gate.submit(command), one) }, entry: undefined }
    }
    const rules = catalogue.get(job.campaign)?.rules
    const asked =
      one.kind === 'balances' && job.kind === 'disqualification'
        ? await takeAll({ pool, reader, rules }, job)
        : one.asked
    if (asked === undefined) return nothing
    const outcome = await gate.submit(asked.command)
    return { settlement: { ...place, ...settledBy(outcome, one) }, entry: entryOf(asked, outcome) }
  }
}

/** A win or an order that is over already has nothing left to do. */
function settledBy(outcome: Outcome, { kind, attempts }: DueItem) {
  const settled = became(outcome, { attempts, final: kind === 'user' ? finalOfExpiry : final })
  if (settled.to === 'later') return settled
  if (settled.to === 'done') return { to: 'done', decision: settled.decision.id, refusal: null } as const
  const { refusal } = settled
  const status = outcome.kind === 'refused' ? outcome.members.orderStatus : undefined
  const isOver = kind === 'win' ? refusal === 'VOIDED' : status === 'cancelled' || status === 'expired'
  if (isOver) return { to: 'done', decision: null, refusal } as const
  return { to: 'failed', refusal: typeof status === 'string' ? `${refusal}: ${status}` : refusal } as const
}

const entryOf = ({ entryOf: entry }: AuditedCommand, outcome: Outcome) =>
  outcome.kind === 'confirmed' ? entry(outcome) : undefined

/** Each change is audited once: with the closing of its item. */
async function note(client: PoolClient, settled: readonly Settled[]): Promise<void> {
  const closed = await settleItems(
    client,
    settled.map(({ settlement }) => settlement)
  )
  const entries = settled.flatMap(({ settlement: { job, item, to }, entry }) =>
    entry !== undefined && to === 'done' && closed.has(`${job} ${item}`) ? [entry] : []
  )
  await recordAudits(client, entries)
}
