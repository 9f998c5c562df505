import type { FastifyInstance } from 'fastify'
import { Counter, collectDefaultMetrics, Registry } from 'prom-client'
import type { Outcome } from '../../gate/batch/outcomes.ts'
import { countAnswer, createAnswerCounts } from './answer-counts.ts'

/** Figures of one gateway process. */
export interface HttpMetrics {
  readonly registry: Registry
  /** the counters of a route by status: the hot path adds to them in place */
  answers(route: string): Float64Array
  /** counts an outcome of the gate */
  outcome(outcome: Outcome): void
  /** counts a refused token by its reason */
  tokenRefused(reason: string): void
}

/** Counts in arrays and one map. prom-client reads them only when it is scraped, because its own counters hash labels on each call. */
export function createMetrics(): HttpMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const byRoute = new Map<string, Float64Array>()
  const byOutcome = new Map<string, number>()
  const byReason = new Map<string, number>()
  registry.registerMetric(
    new Counter({
      name: 'floodgate_http_answers_total',
      help: 'Answers by route and status',
      labelNames: ['route', 'status'],
      registers: [],
      collect() {
        this.reset()
        for (const [route, statuses] of byRoute) {
          for (const [status, count] of statuses.entries()) if (count > 0) this.inc({ route, status }, count)
        }
      }
    })
  )
  const counted = (about: { name: string; help: string; label: string }, counts: ReadonlyMap<string, number>): void => {
    const { label, ...named } = about
    registry.registerMetric(
      new Counter({
        ...named,
        labelNames: [label],
        registers: [],
        collect() {
          this.reset()
          for (const [value, count] of counts) this.inc({ [label]: value }, count)
        }
      })
    )
  }
  const outcomes = 'confirmed, replayed, pending, unavailable, unknown, or the code of a refusal'
  const help = `Outcomes of gate commands: ${outcomes}`
  counted({ name: 'floodgate_gate_outcomes_total', help, label: 'outcome' }, byOutcome)
  const refusals = 'Storefront tokens that were refused'
  counted({ name: 'floodgate_token_refusals_total', help: refusals, label: 'reason' }, byReason)
  return {
    registry,
    answers(route) {
      let statuses = byRoute.get(route)
      if (statuses === undefined) {
        statuses = createAnswerCounts()
        byRoute.set(route, statuses)
      }
      return statuses
    },
    outcome(outcome) {
      const name = outcomeName(outcome)
      byOutcome.set(name, (byOutcome.get(name) ?? 0) + 1)
    },
    tokenRefused(reason) {
      byReason.set(reason, (byReason.get(reason) ?? 0) + 1)
    }
  }
}

function outcomeName(outcome: Outcome): string {
  if (outcome.kind === 'refused') return outcome.code
  return outcome.kind === 'confirmed' && outcome.replayed ? 'replayed' : outcome.kind
}

/** Counts the answers of all routes that are registered in this scope after this call. */
export function countAnswers(app: FastifyInstance, metrics: HttpMetrics): void {
  app.addHook('onResponse', (request, reply, done) => {
    countAnswer(metrics.answers(request.routeOptions.url ?? 'none'), reply.statusCode)
    done()
  })
}
