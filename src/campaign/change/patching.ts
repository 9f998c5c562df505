import { CampaignError } from '../carrying/campaign-error.ts'
import { type Actor, invalid, type LifecycleContext } from '../carrying/context.ts'
import { withKnownDaily } from '../definition/known-daily.ts'
import { findActivity, type Rules } from '../definition/rules.ts'
import { adjustActivity } from './adjust.ts'
import { adjustCampaign } from './campaign.ts'
import { planTold } from './notice.ts'
import { ActivityPatch, CampaignPatch, checkBody } from './patch.ts'
import { type Plan, planAdjustment } from './plan.ts'

export interface ActivityPlace {
  readonly campaign: string
  readonly activity: string
}

interface Asked {
  /** body of the PATCH, of any shape */
  readonly input: unknown
  readonly actor: Actor
}

/** A PATCH whose body is valid: what it changes, and who asks with the reason that the body gives. */
interface Patch {
  readonly why: Actor
  readonly plan: Plan
  /** whether more codes or days of a calendar may be needed afterwards */
  readonly mayNeedMore: boolean
}

type Context = Pick<LifecycleContext, 'now'>

/** The adjustment of an activity in force. @throws CampaignError VALIDATION */
export function patchOfActivity(
  context: Context,
  { campaign, activity }: ActivityPlace,
  { input, actor }: Asked
): Patch {
  const checked = checkBody(ActivityPatch, input)
  if (!checked.ok) throw invalid(checked.errors)
  const { reason, addStock, closesAt, session } = checked.body
  return {
    why: { ...actor, reason },
    mayNeedMore: addStock !== undefined || closesAt !== undefined || typeof session === 'object',
    plan: (row) =>
      planAdjustment(row, activity, (rules) => {
        if (!findActivity(rules, activity))
          throw new CampaignError('NOT_FOUND', `${campaign} has no activity ${activity}.`)
        return adjustActivity(rules, { activity, now: context.now() }, checked.body)
      })
  }
}

/** The adjustment of a campaign in force, and of what its visitors are told. @throws CampaignError VALIDATION */
export function patchOfCampaign(context: Context, { input, actor }: Asked): Patch {
  const checked = checkBody(CampaignPatch, input)
  if (!checked.ok) throw invalid(checked.errors)
  const { reason, notice, ...body } = checked.body
  const why = { ...actor, reason }
  const isOnlyTold = notice !== undefined && Object.keys(body).length === 0
  return {
    why,
    mayNeedMore: body.closesAt !== undefined,
    async plan(row, client) {
      const now = context.now()
      const known = await withKnownDaily(client, row)
      const adjust = (rules: Rules) => adjustCampaign(rules, now, checked.body)
      const planned = isOnlyTold ? undefined : planAdjustment(known, '', adjust)
      return planTold(client, row, { actor: why, notice, now, planned })
    }
  }
}
