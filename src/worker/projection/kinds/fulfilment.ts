import { decodeFulfilment } from '../../../record/reports/fulfilment.ts'
import type { RowKind } from './row-kind.ts'

export const fulfilments: RowKind = {
  check(_name, report) {
    const { win, state, nth } = decodeFulfilment(report)
    if (win === '' || state === undefined || !Number.isSafeInteger(nth))
      throw new Error(`The report of how far a win is handed over is not readable: ${JSON.stringify(report)}`)
  },
  add(rows, { shard, row }) {
    const { win, state = '', nth } = decodeFulfilment(row.report)
    const { carrier = null, trackingNumber = null, reason = null } = JSON.parse(row.request) as Record<string, unknown>
    const id = `${shard}-${win}`
    // what one transaction is told of a parcel twice is told in its order: what the second leaves out stays, as it does between transactions
    const before = rows.fulfilments.get(id)?.told
    const told = {
      carrier: carrier ?? before?.carrier ?? null,
      trackingNumber: trackingNumber ?? before?.trackingNumber ?? null,
      reason
    }
    rows.fulfilments.set(id, { win_id: id, state, nth, told, at: row.at })
  }
}
