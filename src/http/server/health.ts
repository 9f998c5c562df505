import { pid } from 'node:process'
import type { FastifyPluginAsync } from 'fastify'
import type pg from 'pg'
import { fromStore } from '../../base/deadline.ts'
import { auditDebts } from '../../campaign/carrying/audit-debts.ts'
import type { Health } from '../../gate/batch/outcomes.ts'
import type { Shards } from '../../gate/gate.ts'
import { type Condition, judge, type Silence, type Verdicts } from '../../health/conditions.ts'
import { ConditionMonitor, type WatchedCondition } from '../../health/monitor.ts'
import { ownerVerdicts, storeVerdicts } from '../../health/store-verdicts.ts'
import { readStoreFacts } from '../../store/shard/health.ts'
import { isDraining } from '../running/drain.ts'
import { type ProcessHealth, worstOf } from './health-of-processes.ts'
import { Liveness, Readiness } from './health-schemas.ts'

const ASK_EVERY_MS = 1000
const SLOW_MS = 300
/** How long a gateway that starts waits for the shards that are closed. */
const SHARDS_MS = 10_000

/** Health of each part, and the conditions, as /readyz and admin health show them. */
export interface HealthReport {
  /** whether traffic may be sent here */
  readonly ready: boolean
  readonly gate: Health
  readonly journal: Health
  readonly postgres: Health
  readonly projection: Health
  readonly conditions: readonly WatchedCondition[]
}

/** What Postgres says of a shard. */
interface PostgresAnswers {
  readonly postgres: Health
  readonly store: Verdicts | Silence
  readonly owner: Verdicts | Silence
}

interface HealthOptions {
  readonly gate: Pick<Shards, 'health' | 'ready' | 'numbers'>
  readonly pool: pg.Pool
  readonly now?: () => number
  /** the last reports of the other processes of this gateway; absent if there are none */
  readonly others?: () => readonly ProcessHealth[]
  /** logs changes of conditions; absent in processes that do not log them */
  readonly monitor?: ConditionMonitor
}

/** Asks the parts: Postgres at most once a second, however many probes there are. */
export class HealthCheck {
  readonly #gate: Pick<Shards, 'health' | 'ready' | 'numbers'>
  readonly #pool: pg.Pool
  readonly #now: () => number
  readonly #others: () => readonly ProcessHealth[]
  readonly #monitor: ConditionMonitor
  #answers: (shard: number) => PostgresAnswers = () => away('not asked yet')
  #askedAt = Number.NEGATIVE_INFINITY
  #asking: Promise<void> | undefined
  #wasReady = false

  constructor({ gate, pool, now = Date.now, others = () => [], monitor }: HealthOptions) {
    this.#gate = gate
    this.#pool = pool
    this.#now = now
    this.#others = others
    this.#monitor = monitor ?? new ConditionMonitor({ now })
    void this.#gate.ready(SHARDS_MS).then(() => {
      this.#wasReady = true
    })
  }

  /** True once a gate call has succeeded in each shard, or for a while in some, even if something broke afterwards; false while the process stops. */
  get ready(): boolean {
    return this.#wasReady && !isDraining()
  }

  /** The worst state of all processes of this gateway, as far as this process knows the others. */
  async report(): Promise<HealthReport> {
    const worst = worstOf([await this.own(), ...this.#others()])
    return { ...worst, ready: this.ready, conditions: this.#monitor.observe(worst.conditions) }
  }

  /** Checks every second, so that a change is logged even without a probe. */
  watch(): void {
    const timer = setInterval(() => {
      if (!isDraining()) void this.report()
    }, ASK_EVERY_MS)
    timer.unref()
  }

  /** The report of this process alone. */
  async own(): Promise<ProcessHealth> {
    if (this.#now() - this.#askedAt >= ASK_EVERY_MS) this.#asking ??= this.#ask()
    await this.#asking
    const worst = worstOf(this.#gate.numbers.map((shard) => this.#ofShard(shard)))
    return { who: `process ${pid}`, ...worst }
  }

  #ofShard(shard: number): ProcessHealth {
    const { gate, journal, conditions: connections } = this.#gate.health(shard)
    const { postgres, store, owner } = this.#answers(shard)
    const conditions = judge({ process: { ...connections, audit: auditDebts(this.#pool).verdict() }, store, owner })
    return { who: `shard ${shard}`, gate, journal, postgres, projection: projectionHealth(conditions), conditions }
  }

  async #ask(): Promise<void> {
    const started = this.#now()
    try {
      const { numbers } = this.#gate
      const all = await fromStore(Promise.all(numbers.map((shard) => readStoreFacts(this.#pool, shard))))
      const slow = this.#now() - started > SLOW_MS
      const answers = all.map((facts): PostgresAnswers => {
        const store = storeVerdicts(facts)
        const postgres = store.postgres?.ok !== true ? 'closed' : slow ? 'degraded' : 'ok'
        return { postgres, store, owner: ownerVerdicts(facts.workers) }
      })
      this.#answers = (shard) => answers[shard] ?? away('not asked yet')
    } catch (error) {
      const { cause } = error as Error
      const answers = away(cause instanceof Error ? cause.message : 'no answer in time')
      this.#answers = () => answers
    } finally {
      this.#askedAt = this.#now()
      this.#asking = undefined
    }
  }
}

function away(why: string): PostgresAnswers {
  const silent = { silent: `Postgres: ${why}` }
  return { postgres: 'closed', store: silent, owner: silent }
}

function projectionHealth(conditions: readonly Condition[]): Health {
  const holds = (name: Condition['name']) => conditions.find((one) => one.name === name)?.ok === true
  if (!holds('projecting')) return 'closed'
  return holds('projection-lag') && holds('events-lag') ? 'ok' : 'degraded'
}

/** /healthz says that the event loop runs. /readyz says whether to send traffic here; conditions are in its body and do not change its status. */
export const healthRoutes: FastifyPluginAsync<{ health: HealthCheck; environment: string }> = async (app, options) => {
  const { health, environment } = options
  const live = { tags: ['health'], summary: 'The event loop answers', response: { 200: Liveness } }
  const summary = 'Whether this gateway may get traffic, and which conditions hold'
  const readiness = { tags: ['health'], summary, response: { 200: Readiness, 503: Readiness } }
  app.get('/healthz', { schema: live }, async () => ({ status: 'ok' }))
  app.get('/readyz', { schema: readiness }, async (_request, reply) => {
    const { ready, conditions, ...parts } = await health.report()
    const status = ready ? 'ready' : isDraining() ? 'draining' : 'starting'
    const known = conditions.map(({ name, ok }) => ({ name, ok }))
    return reply.code(ready ? 200 : 503).send({ ready, status, environment, ...parts, conditions: known })
  })
}
