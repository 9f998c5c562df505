import { poolsOf } from '../../campaign/kinds/prizes.ts'
import type { RefusalCode } from '../../gate/batch/outcomes.ts'
import { replayField } from '../../record/replay.ts'
import { type DueTask, dueTasks, settleTasks, type TaskSettlement } from '../../store/campaigns/progress.ts'
import { decisionsUnder } from '../../store/reading/orders.ts'
import { type AskingParts, became, workOff } from './due.ts'

/** Refusals that stay. All others end, at the latest with the campaign. */
const final: ReadonlySet<RefusalCode> = new Set([
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

/** Asks the gate to complete the tasks whose goal was reached; the gate alone decides. */
export class TaskDriver {
  readonly #parts: AskingParts

  constructor(parts: AskingParts) {
    this.#parts = parts
  }

  /** @returns the number of tasks that were closed or put off */
  step(): Promise<number> {
    return workOff({
      take: (most) => dueTasks(this.#parts.pool, most),
      decide: async (due) => {
        await this.#parts.catalogue.refresh()
        const keys = due.map((one) => ({ user: one.user, key: taskKey(one) }))
        const known = await decisionsUnder(this.#parts.pool, keys)
        return Promise.all(due.map((one, index) => this.#decide(one, known[index])))
      },
      note: (settled) => settleTasks(this.#parts.pool, settled)
    })
  }

  async #decide(due: DueTask, known: string | undefined): Promise<TaskSettlement> {
    const { campaign, task, user, period } = due
    const counter = { campaign, task, user, period }
    if (known !== undefined) return { ...counter, to: 'done', decision: known }
    const found = this.#parts.catalogue.findActivity(campaign, task)
    const outcome = await this.#parts.gate.submit({
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
    const settled = became(outcome, { ...due, final })
    return { ...counter, ...(settled.to === 'done' ? { to: 'done', decision: settled.decision.id } : settled) }
  }
}
