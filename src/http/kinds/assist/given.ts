import { Type } from 'typebox'
import { isoTime } from '../../../base/iso-time.ts'
import type { Rules } from '../../../campaign/definition/rules.ts'
import type { Assist } from '../../../campaign/kinds/assist/rules.ts'
import { decodeAssist } from '../../../record/reports/assist.ts'
import { balancesView, creditedView } from '../../views/report.ts'
import { Balances, Credited, confirmedHead } from '../../views/schemas.ts'
import { Time } from '../../wire/schemas.ts'
import type { Decided } from '../kind.ts'
import { headOf } from '../parts/decision.ts'
import { prizeGiven, prizeMembers } from '../parts/reward.ts'

export const Progress = {
  count: Type.Integer({ description: 'assists of the share, as far as they were known' }),
  thresholds: Type.Array(Type.Object({ count: Type.Integer(), reached: Type.Boolean() }))
}

/** The activity of the campaign by which users help; undefined where there is none, or the campaign is not known here. */
export function helpingOf(rules: Rules | undefined): Assist | undefined {
  return rules?.activities.find((activity): activity is Assist => activity.kind === 'assist')
}

/** How far the assists of a share are. */
export function progressView(assist: Assist | undefined, count: number) {
  const thresholds = assist?.thresholds ?? []
  return { count, thresholds: thresholds.map((step) => ({ count: step.count, reached: count >= step.count })) }
}

const GivenAssist = Type.Object(
  {
    id: Type.String(),
    share: Type.String(),
    ...Progress,
    credited: Credited,
    ...prizeMembers,
    balances: Balances,
    givenAt: Time
  },
  { title: 'GivenAssist' }
)

export const given: Decided = {
  decides: 'assist.given',
  member: 'assist',
  schema: GivenAssist,
  confirmed: {
    file: 'confirmed-assist.json',
    schema: Type.Object({ ...confirmedHead, assist: GivenAssist }, { title: 'ConfirmedAssist' })
  },
  documents: { 'given-assist.json': GivenAssist },
  body(decision, context) {
    const { share, count, moves } = decodeAssist(decision.report)
    const assist = {
      id: decision.id,
      share,
      ...progressView(helpingOf(context.campaignRules(context.campaign)), count),
      credited: creditedView(moves),
      ...prizeGiven(decision, context),
      balances: balancesView(moves),
      givenAt: isoTime(decision.at)
    }
    return { ...headOf(decision, context), assist }
  }
}
