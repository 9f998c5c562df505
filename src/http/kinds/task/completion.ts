import { type Static, Type } from 'typebox'
import { dateOfDay } from '../../../base/day.ts'
import { isoTime } from '../../../base/iso-time.ts'
import type { Decision } from '../../../gate/batch/outcomes.ts'
import { decodeCompletion } from '../../../record/reports/completion.ts'
import { balancesView, creditedView } from '../../views/report.ts'
import { Balances, CappedBy, Credited, confirmedHead } from '../../views/schemas.ts'
import { Time } from '../../wire/schemas.ts'
import type { Decided } from '../kind.ts'
import { type DecisionContext, headOf } from '../parts/decision.ts'
import { prizeGiven, prizeMembers } from '../parts/reward.ts'

const Completion = Type.Object(
  {
    id: Type.String(),
    campaign: Type.String(),
    task: Type.String(),
    period: Type.Unsafe<string | null>({
      type: ['string', 'null'],
      description: 'the local day that it counts for; null for a task that is done once a campaign'
    }),
    credited: Credited,
    cappedBy: CappedBy,
    doubled: Type.Optional(Type.Integer({ description: 'factor of the card that multiplied what was credited' })),
    streak: Type.Optional(
      Type.Object({
        length: Type.Integer({ description: 'days in a row' }),
        bonus: Type.Boolean({ description: 'a step of the streak was reached' })
      })
    ),
    ...prizeMembers,
    balances: Balances,
    completedAt: Time
  },
  { title: 'Completion' }
)

/** A completion; one that an older version of the program decided does not say whether a card doubled it. */
function completionView(decision: Decision, context: DecisionContext): Static<typeof Completion> {
  const { day, streak, bonus, cappedBy, factor, moves } = decodeCompletion(decision.report)
  return {
    id: decision.id,
    campaign: context.campaign,
    task: context.activity,
    period: day === null ? null : dateOfDay(day),
    credited: creditedView(moves),
    ...(cappedBy !== '' && { cappedBy }),
    ...(factor !== null && factor > 1 && { doubled: factor }),
    ...(streak !== null && { streak: { length: streak, bonus } }),
    ...prizeGiven(decision, context),
    balances: balancesView(moves),
    completedAt: isoTime(decision.at)
  }
}

export const completion: Decided = {
  decides: 'task',
  member: 'completion',
  schema: Completion,
  confirmed: {
    file: 'confirmed-completion.json',
    schema: Type.Object({ ...confirmedHead, completion: Completion }, { title: 'ConfirmedCompletion' })
  },
  documents: { 'completion.json': Completion },
  body: (decision, context) => ({ ...headOf(decision, context), completion: completionView(decision, context) })
}
