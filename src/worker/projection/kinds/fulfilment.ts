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
    rows.fulfilments.set(id, { win_id: id, state, nth, told: { carrier, trackingNumber, reason }, at: row.at })
  }
}
