import type { FastifyPluginAsync } from 'fastify'
import type pg from 'pg'
import type { Gate } from '../gate/gate.ts'
import type { Health } from '../gate/outcomes.ts'
import { isDraining } from './drain.ts'

const ASK_EVERY_MS = 1000
const DEADLINE_MS = 1000
const SLOW_MS = 300

/** Health of each part, as /readyz tells it. */
export interface PartsHealth {
  readonly gate: Health
  readonly journal: Health
  readonly postgres: Health
}

/** Asks the parts: Postgres at most once a second, however many probes there are. */
export class HealthCheck {
  readonly #gate: Gate
  readonly #pool: pg.Pool
  readonly #now: () => number
  #postgres: Health = 'closed'
  #askedAt = Number.NEGATIVE_INFINITY
  #asking: Promise<void> | undefined
  #wasReady = false

  constructor(options: { gate: Gate; pool: pg.Pool; now?: () => number }) {
    this.#gate = options.gate
    this.#pool = options.pool
    this.#now = options.now ?? Date.now
    void this.#gate.ready().then(() => {
      this.#wasReady = true
    })
  }

  /** True once a gate call succeeded for the first time, whatever broke afterwards; false while the process stops. */
  get ready(): boolean {
    return this.#wasReady && !isDraining()
  }

  async parts(): Promise<PartsHealth> {
    if (this.#now() - this.#askedAt >= ASK_EVERY_MS) this.#asking ??= this.#ask()
    await this.#asking
    return { ...this.#gate.health(), postgres: this.#postgres }
  }

  async #ask(): Promise<void> {
    const started = this.#now()
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error('Postgres did not answer in time')), DEADLINE_MS)
    })
    try {
      await Promise.race([this.#pool.query('select 1'), late])
      this.#postgres = this.#now() - started > SLOW_MS ? 'degraded' : 'ok'
    } catch {
      this.#postgres = 'closed'
    } finally {
      clearTimeout(timer)
      this.#askedAt = this.#now()
      this.#asking = undefined
    }
  }
}

/** /healthz: the event loop answers. /readyz: send traffic here. */
export const healthRoutes: FastifyPluginAsync<{ health: HealthCheck }> = async (app, { health }) => {
  const schema = { tags: ['health'] }
  app.get('/healthz', { schema: { ...schema, summary: 'The event loop answers' } }, async () => ({ status: 'ok' }))
  app.get('/readyz', { schema: { ...schema, summary: 'Whether to send traffic here' } }, async (_request, reply) => {
    const parts = await health.parts()
    const status = health.ready ? 'ready' : isDraining() ? 'draining' : 'starting'
    return reply
      .code(health.ready ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({ status, ...parts })
  })
}
