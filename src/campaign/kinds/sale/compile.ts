import type { CampaignContext } from '../../parts/context.ts'
import { type Fields, flag } from '../../parts/fields.ts'
import { packShipBy } from '../../parts/packed.ts'
import { shipByRecords } from '../../parts/ship-by.ts'
import type { Sale } from './rules.ts'

/** Its ship-by dates, which depend on the campaign's end too. */
export function compileShipBy(campaign: CampaignContext, sale: Sale): Fields {
  return { ship_by: sale.shipWithin ? packShipBy(shipByRecords(sale.shipWithin, campaign)) : '' }
}

/** The fields of `a:<campaign>:<sale>` beside those of every kind. */
export function compileSale(campaign: CampaignContext, sale: Sale): Fields {
  return {
    price: sale.price,
    currency: sale.currency,
    units_per_user: sale.unitsPerUser,
    pay_within: sale.payWithinSeconds,
    ...(sale.levelDiscount && { level_discount: flag(true) }),
    ...compileShipBy(campaign, sale)
  }
}
