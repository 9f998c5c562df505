import type { Pool } from 'pg'
import { published } from '../../campaign/carrying/context.ts'
import type { ActivityRules } from '../../campaign/kinds/index.ts'
import { prizesOf } from '../../campaign/kinds/prizes.ts'
import { decodeOrder, type OrderRecord } from '../../record/order.ts'
import type { CampaignRow } from '../../store/campaigns/campaigns.ts'
import { handedOver } from '../../store/reading/fulfilments.ts'
import { claimsByActivity, ordersOfActivities } from '../../store/reading/orders-of-activities.ts'
import { csvLine } from './csv.ts'

/** What was sold of a supplier's item in one currency. Amounts in minor units. */
interface Sold {
  readonly activity: string
  readonly supplier: string
  readonly currency: string
  /** paid, whatever became of them */
  readonly orders: number
  readonly units: number
  readonly amount: number
  readonly shipped: number
  readonly returnedUnits: number
  /** what is due back of what was paid */
  readonly owedBack: number
}

/** What suppliers brought into a campaign, and what became of it. */
interface SupplierSettlement {
  readonly campaign: string
  /** null: of all suppliers */
  readonly supplier: string | null
  readonly sold: readonly Sold[]
  readonly prizes: ReadonlyArray<Record<string, string | number | null>>
  readonly redeemed: ReadonlyArray<Record<string, string | number>>
}

/** Suppliers by activity; an activity of many suppliers, such as a draw, has them by its prizes. */
function suppliersOf(activities: readonly ActivityRules[], asked: string | undefined): Map<string, string> {
  const named = activities.flatMap((activity) => {
    const supplier = 'supplier' in activity ? activity.supplier : undefined
    return supplier === undefined || (asked !== undefined && supplier !== asked)
      ? []
      : [[activity.id, supplier] as const]
  })
  return new Map(named)
}

const wasPaid = ({ status, reference }: OrderRecord): boolean =>
  reference !== '' || status === 'paid' || status === 'shipped' || status === 'returned'

function added(sold: Sold | undefined, order: OrderRecord, supplier: string): Sold {
  const { activity, currency, quantity, unitPrice, status } = order
  const before = sold ?? {
    ...{ activity, supplier, currency },
    ...{ orders: 0, units: 0, amount: 0, shipped: 0, returnedUnits: 0, owedBack: 0 }
  }
  return {
    ...before,
    orders: before.orders + 1,
    units: before.units + quantity,
    amount: before.amount + unitPrice * quantity,
    shipped: before.shipped + (status === 'shipped' || status === 'returned' ? 1 : 0),
    returnedUnits: before.returnedUnits + order.returned,
    owedBack: before.owedBack + order.refunded
  }
}

async function* paidOrders(pool: Pool, campaign: string, activities: Iterable<string>): AsyncGenerator<OrderRecord[]> {
  for await (const rows of ordersOfActivities(pool, campaign, [...activities])) {
    yield rows.map(({ id, record }) => decodeOrder(id, record)).filter(wasPaid)
  }
}

/**
 * What is to be settled with a supplier: units and amounts that were sold, won and redeemed, beside what was handed over.
 * @param supplier undefined: with each
 * @throws CampaignError CONFLICT before the first publication
 */
export async function supplierSettlement(
  pool: Pool,
  row: CampaignRow,
  { supplier, now }: { readonly supplier: string | undefined; readonly now: number }
): Promise<SupplierSettlement> {
  const { activities } = published(row)
  const suppliers = suppliersOf(activities, supplier)
  const sold = new Map<string, Sold>()
  for await (const page of paidOrders(pool, row.id, suppliers.keys())) {
    for (const order of page) {
      const name = `${order.activity} ${order.currency}`
      sold.set(name, added(sold.get(name), order, suppliers.get(order.activity) ?? ''))
    }
  }
  const prizes = activities.flatMap((activity) =>
    prizesOf(activity).flatMap((prize) =>
      prize.supplier === undefined || (supplier !== undefined && prize.supplier !== supplier)
        ? []
        : [[`${activity.id}/${prize.id}`, prize] as const]
    )
  )
  const byName = new Map(prizes)
  const became = await handedOver(pool, row.id, now)
  const claims = await claimsByActivity(pool, row.id)
  return {
    campaign: row.id,
    supplier: supplier ?? null,
    sold: [...sold.values()].toSorted((a, b) => (a.activity < b.activity ? -1 : 1)),
    prizes: became.flatMap((one) => {
      const prize = byName.get(`${one.activity}/${one.prize}`)
      if (prize === undefined) return []
      return [{ ...one, supplier: prize.supplier ?? '', value: 'value' in prize ? (prize.value ?? null) : null }]
    }),
    redeemed: claims.flatMap((claim) => {
      const by = suppliers.get(claim.activity)
      return by === undefined ? [] : [{ ...claim, supplier: by }]
    })
  }
}

const HEAD = ['reference', 'order', 'activity', 'supplier', 'status', 'units', 'currency', 'paid', 'owedBack']

/** Every payment for a supplier's items as CSV, by its reference, with what is due back of it. @throws CampaignError as above */
export async function* supplierPayments(
  pool: Pool,
  row: CampaignRow,
  supplier: string | undefined
): AsyncGenerator<string> {
  const suppliers = suppliersOf(published(row).activities, supplier)
  yield csvLine(HEAD)
  for await (const page of paidOrders(pool, row.id, suppliers.keys())) {
    yield page
      .map((order) => {
        const { reference, id, activity, status, quantity, currency, unitPrice, refunded } = order
        const money = [currency, unitPrice * quantity, refunded]
        return csvLine([reference, id, activity, suppliers.get(activity) ?? '', status, quantity, ...money])
      })
      .join('')
  }
}
