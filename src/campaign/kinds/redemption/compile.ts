import type { CampaignContext } from '../../parts/context.ts'
import { type Fields, participationFields } from '../../parts/fields.ts'
import { compileCost } from '../../parts/pay.ts'
import type { Redemption } from './rules.ts'

/** The fields of `a:<campaign>:<redemption>` beside those of every kind. */
export function compileRedemption(campaign: CampaignContext, item: Redemption): Fields {
  return {
    ...participationFields,
    ...compileCost(campaign, item.cost),
    units_per_user: item.unitsPerUser,
    pool: item.pool
  }
}
