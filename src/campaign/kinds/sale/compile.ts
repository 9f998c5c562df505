import type { CampaignContext } from '../../parts/context.ts'
import { activityKey, commonFields, type Put, putsOf } from '../../parts/fields.ts'
import { packShipBy } from '../../parts/packed.ts'
import { shipByRecords } from '../../parts/ship-by.ts'
import type { Sale } from './rules.ts'

/** The field `ship_by` of a sale: it depends on the campaign's end too. */
export function compileShipBy(campaign: CampaignContext, sale: Sale): string {
  return sale.shipWithin ? packShipBy(shipByRecords(sale.shipWithin, campaign)) : ''
}

export function compileSale(campaign: CampaignContext, sale: Sale): Put[] {
  return putsOf(activityKey(campaign.id, sale.id), {
    ...commonFields(sale),
    price: sale.price,
    currency: sale.currency,
    units_per_user: sale.unitsPerUser,
    pay_within: sale.payWithinSeconds,
    ship_by: compileShipBy(campaign, sale)
  })
}
