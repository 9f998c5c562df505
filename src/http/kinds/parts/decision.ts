import type { Rules } from '../../../campaign/definition/rules.ts'
import type { ActivityRules } from '../../../campaign/kinds/index.ts'
import type { Decision } from '../../../gate/batch/outcomes.ts'
import type { Language } from '../../problems/language.ts'
import type { FindPrize } from '../../views/win.ts'

/** What the view of a decision needs beside the decision. */
export interface DecisionContext {
  /** the Idempotency-Key */
  readonly requestId: string
  readonly language: Language
  readonly campaign: string
  readonly activity: string
  /** undefined if the catalogue does not know the activity */
  readonly rules: ActivityRules | undefined
  readonly findPrize: FindPrize
  /** the rules of the whole campaign, for what shows other activities of it; undefined if the catalogue does not know it */
  readonly campaignRules: (campaign: string) => Rules | undefined
  /** codes of a claim; empty while they are not assigned */
  readonly codes?: readonly string[]
}

/** The first members of the body of every 201. */
export function headOf({ id, sequence }: Decision, { requestId }: Pick<DecisionContext, 'requestId'>) {
  return { outcome: 'confirmed', requestId, sequence, eventId: id } as const
}
