import t from 'tap'
import { fulfilments } from '../../../src/worker/projection/kinds/fulfilment.ts'
import { KindRows } from '../../../src/worker/projection/kinds/row-kind.ts'

type Decided = Parameters<typeof fulfilments.add>[1]

/** What is noted of the win 0-1-5, the nth time. */
const noted = (nth: number, request: object) =>
  ({ shard: 0, row: { report: `1-5,s,${nth}`, request: JSON.stringify(request), at: `at ${nth}` } }) as Decided

t.test('what one transaction is told of a parcel twice is as if two were told it', async (t) => {
  const rows = new KindRows()
  fulfilments.add(rows, noted(1, { carrier: 'SF', trackingNumber: 'SF-1', reason: 'sent' }))
  fulfilments.add(rows, noted(2, { trackingNumber: 'SF-2' }))
  t.match(
    [...rows.fulfilments.values()],
    [{ win_id: '0-1-5', nth: 2, at: 'at 2', told: { carrier: 'SF', trackingNumber: 'SF-2', reason: null } }]
  )
})
