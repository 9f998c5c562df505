import type { ActivityRules } from '../../../campaign/kinds/index.ts'
import type { Decision } from '../../../gate/batch/outcomes.ts'
import type { Language } from '../../problems/language.ts'
import type { FindPrize } from '../../views/win.ts'

/** What surrounds a decision that is shown. */
export interface DecisionContext {
  /** the Idempotency-Key */
  readonly requestId: string
  readonly language: Language
  readonly campaign: string
  readonly activity: string
  /** undefined where the catalogue does not know the activity */
  readonly rules: ActivityRules | undefined
  readonly findPrize: FindPrize
  /** codes of a claim; none while they are not assigned */
  readonly codes?: readonly string[]
}

/** What the body of every 201 begins with. */
export function headOf({ id, sequence }: Decision, { requestId }: Pick<DecisionContext, 'requestId'>) {
  return { outcome: 'confirmed', requestId, sequence, eventId: id } as const
}
