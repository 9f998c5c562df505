import type { CampaignContext } from '../../parts/context.ts'
import { activityKey, commonFields, type Put, participationFields, putsOf } from '../../parts/fields.ts'
import { compileCost } from '../../parts/pay.ts'
import type { Redemption } from './rules.ts'

/** All values of `a:<campaign>:<redemption>`. */
export function compileRedemption(campaign: CampaignContext, item: Redemption): Put[] {
  return putsOf(activityKey(campaign.id, item.id), {
    ...commonFields(item),
    ...participationFields,
    ...compileCost(campaign, item.cost),
    units_per_user: item.unitsPerUser,
    pool: item.pool
  })
}
