import type { Rules } from '../definition/rules.ts'
import { withStockChanged } from '../definition/stock.ts'
import { type ActivityRules, type AnyKind, kindsThat } from '../kinds/index.ts'
import { Contradiction } from '../parts/contradiction.ts'
import type { DefinitionError } from '../parts/explain.ts'
import { type AddEntry, type Put, stockKey } from '../parts/fields.ts'

/** The result of an adjustment: the new rules in force, and what the gate has to write. */
export interface Adjustment {
  readonly ok: true
  readonly rules: Rules
  readonly puts: readonly Put[]
  readonly adds: readonly AddEntry[]
  readonly type: 'campaign.adjusted'
  /** what changed, for the journal, the event and the audit */
  readonly data: Record<string, unknown>
}

export type Adjusted = Adjustment | { readonly ok: false; readonly errors: DefinitionError[] }

/** One adjustment of one activity while its steps fill it: rules, stock, and data for journal and audit. */
export interface Draft {
  activity: ActivityRules
  readonly rules: Rules
  readonly adds: AddEntry[]
  readonly data: Record<string, unknown>
  readonly now: number
}

/** An activity and its kind, for the text of a refusal. */
export const naming = ({ id, kind }: ActivityRules): string => `${id} is ${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind}`

const listed = new Intl.ListFormat('en', { type: 'conjunction' })

/** The kinds for which `is` returns true, for the text of a refusal: `sales and redemptions`. */
export const kindNames = (is: (kind: AnyKind) => boolean): string =>
  listed.format(kindsThat(is).map((name) => `${name}s`))

/** Adds to the stock of a session or the quota of a prize. */
export function addStock(draft: Draft, item: string, delta: number): void {
  draft.adds.push([stockKey(draft.rules.id, draft.activity.id), `${item}:remaining`, delta])
  // may be below zero until the gate says what it really took
  draft.activity = withStockChanged(draft.activity, new Map([[item, delta]]))
}

export const nothing: Adjusted = {
  ok: false,
  errors: [{ pointer: '', detail: 'asks for no change' }]
}

/** The values of compiled rules that differ from those in force: an adjustment writes these only. */
export function changedPuts(before: readonly Put[], after: readonly Put[]): Put[] {
  const known = new Set(before.map((put) => put.join('\n')))
  return after.filter((put) => !known.has(put.join('\n')))
}

/** Runs `work`; a Contradiction becomes the one error of the result. */
export function guarded(work: () => Adjusted): Adjusted {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof Contradiction)) throw error
    return { ok: false, errors: [{ pointer: error.pointer, detail: error.message }] }
  }
}
