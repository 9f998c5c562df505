import { type Condition, type ConditionName, conditionTable, runbookEntry } from './conditions.ts'

/** The part of a logger that is needed here. */
interface AlarmLog {
  error(about: object, text: string): void
  info(about: object, text: string): void
}

/** A condition, and since when it has been true or false (ms since 1970). */
export interface WatchedCondition extends Condition {
  readonly since: number
}

interface Seen {
  readonly ok: boolean
  readonly since: number
  alarmed: boolean
}

/** A condition that is false when a process starts raises no alarm before it has had this time to become true. */
const START_MS = 10_000
/** A condition that becomes true again is logged when it has lasted this long: one that flickers raises one alarm and not many. */
const STEADY_MS = 5000

/** Remembers since when each condition has been true or false, and logs each change once. */
export class ConditionMonitor {
  readonly #now: () => number
  readonly #log: AlarmLog | undefined
  readonly #startedAt: number
  readonly #seen = new Map<ConditionName, Seen>()

  /** @param options.log where changes are logged; without it they are not */
  constructor(options: { readonly now?: () => number; readonly log?: AlarmLog | undefined } = {}) {
    this.#now = options.now ?? Date.now
    this.#log = options.log
    this.#startedAt = this.#now()
  }

  observe(conditions: readonly Condition[]): WatchedCondition[] {
    const now = this.#now()
    return conditions.map((condition) => {
      const { name, ok } = condition
      const known = this.#seen.get(name)
      const seen = known?.ok === ok ? known : { ok, since: now, alarmed: known?.alarmed ?? false }
      this.#seen.set(name, seen)
      this.#logChange(condition, seen, now)
      return { ...condition, since: seen.since }
    })
  }

  #logChange({ name, ok, detail }: Condition, seen: Seen, now: number): void {
    if (!ok && !seen.alarmed) {
      if (seen.since < this.#startedAt + START_MS && now < this.#startedAt + START_MS) return
      seen.alarmed = true
      this.#log?.error(
        { alarm: 'CONDITION', condition: name, detail, runbook: runbookEntry(name) },
        `not true any more: ${conditionTable.find((row) => row.name === name)?.meaning}`
      )
    } else if (ok && seen.alarmed && now - seen.since >= STEADY_MS) {
      seen.alarmed = false
      this.#log?.info({ condition: name, detail }, 'true again')
    }
  }
}
