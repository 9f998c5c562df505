import type { Pool } from 'pg'
import type { Catalogue } from '../../campaign/carrying/catalogue.ts'
import { poolsOf } from '../../campaign/kinds/prizes.ts'
import type { Outcome } from '../../gate/batch/outcomes.ts'
import type { Decider } from '../../gate/gate.ts'
import { replayField } from '../../record/replay.ts'
import { type DueTask, dueTasks, settleTasks, type TaskSettlement } from '../../store/campaigns/progress.ts'
import { decisionsUnder } from '../../store/reading/orders.ts'

const AT_ONCE = 200
/** The longest step, so that a worker can stop in time. */
const STEP_MS = 1000
const RETRY_MS = 1000
const RETRY_MOST_MS = 300_000

/** Refusals that stay. All others end, at the latest with the campaign. */
const final: ReadonlySet<string> = new Set([
  'ALREADY_DONE',
  'DISQUALIFIED',
  'ENDED',
  'KEY_REUSED',
  'LIMIT_REACHED',
  'VOIDED'
])

/** The replay field under which a goal is decided: once for a user, a task and a period. */
function taskKey({ campaign, task, period }: Pick<DueTask, 'campaign' | 'task' | 'period'>): string {
  return replayField.goal(campaign, task, period)
}

function settlementOf(due: DueTask, outcome: Outcome): TaskSettlement {
  const { campaign, task, user, period, attempts } = due
  const counter = { campaign, task, user, period }
  switch (outcome.kind) {
    case 'confirmed':
      return { ...counter, decision: outcome.decision.id }
    case 'refused': {
      if (final.has(outcome.code)) return { ...counter, refusal: outcome.code }
      return { ...counter, retryAfterMs: Math.min(RETRY_MOST_MS, RETRY_MS * 2 ** Math.min(attempts, 10)) }
    }
    case 'pending':
    case 'unavailable':
    case 'unknown':
      return { ...counter, retryAfterMs: RETRY_MS }
    default:
      return outcome satisfies never
  }
}

/** Asks the gate to complete the tasks whose goal was reached; the gate alone decides. */
export class TaskDriver {
  readonly #pool: Pool
  readonly #gate: Decider
  readonly #catalogue: Pick<Catalogue, 'refresh' | 'findActivity'>

  constructor(pool: Pool, gate: Decider, catalogue: Pick<Catalogue, 'refresh' | 'findActivity'>) {
    this.#pool = pool
    this.#gate = gate
    this.#catalogue = catalogue
  }

  /** @returns the number of tasks that were closed or put off */
  async step(): Promise<number> {
    const until = performance.now() + STEP_MS
    let settled = 0
    for (;;) {
      const due = await dueTasks(this.#pool, AT_ONCE)
      if (due.length > 0) await this.#catalogue.refresh()
      const known = await decisionsUnder(
        this.#pool,
        due.map((one) => ({ user: one.user, key: taskKey(one) }))
      )
      const settlements = await Promise.all(due.map((one, index) => this.#decide(one, known[index])))
      await settleTasks(this.#pool, settlements)
      settled += due.length
      if (due.length < AT_ONCE || performance.now() > until) return settled
    }
  }

  async #decide(due: DueTask, known: string | undefined): Promise<TaskSettlement> {
    const { campaign, task, user, period } = due
    if (known !== undefined) return { campaign, task, user, period, decision: known }
    const found = this.#catalogue.findActivity(campaign, task)
    const outcome = await this.#gate.submit({
      op: 'participate',
      user,
      key: taskKey(due),
      hash: 'goal',
      campaign,
      activity: task,
      quantity: 1,
      level: 0,
      by: 'system',
      random: '',
      // a prize in its reward may give a code
      pool: found ? poolsOf(found.activity) : '',
      day: period === '' ? undefined : Number(period),
      request: '{}'
    })
    return settlementOf(due, outcome)
  }
}
