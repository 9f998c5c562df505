export type OrderStatus = 'accepted' | 'paid' | 'cancelled' | 'expired' | 'shipped' | 'returned'

/** An order as Redis and the journal keep it. Times in ms since 1970, money in minor units. */
export interface OrderRecord {
  readonly id: string
  readonly status: OrderStatus
  /** `<epoch>-<batch>` of the frame that changed it last: not journaled while that frame is in the outbox */
  readonly frame: string
  readonly campaign: string
  readonly activity: string
  readonly session: string
  readonly quantity: number
  readonly unitPrice: number
  readonly currency: string
  readonly acceptedAt: number
  readonly payBy: number | null
  readonly shipBy: number | null
  /** the how-manyth unit of its session its first unit is, from 1 */
  readonly position: number
  /** units returned so far */
  readonly returned: number
}

const statusByLetter: Record<string, OrderStatus> = {
  a: 'accepted',
  p: 'paid',
  c: 'cancelled',
  e: 'expired',
  s: 'shipped',
  r: 'returned'
}

/**
 * Reads the record that lua/order.lua writes:
 * `status;frame;campaign;activity;session;quantity;unitPrice;currency;acceptedAt;payAfterSeconds;shipBy;position;returned`.
 * @throws Error when the text is not such a record
 */
export function decodeOrder(id: string, text: string): OrderRecord {
  const parts = text.split(';')
  const status = statusByLetter[parts[0] ?? '']
  if (parts.length !== 13 || status === undefined)
    throw new Error(`Order ${id} is not readable: ${JSON.stringify(text)}`)
  const [, frame = '', campaign = '', activity = '', session = '', quantity, unitPrice, currency = ''] = parts
  const acceptedAt = Number(parts[8])
  return {
    id,
    status,
    frame,
    campaign,
    activity,
    session,
    quantity: Number(quantity),
    unitPrice: Number(unitPrice),
    currency,
    acceptedAt,
    payBy: parts[9] === '' ? null : acceptedAt + Number(parts[9]) * 1000,
    shipBy: parts[10] === '' ? null : Number(parts[10]),
    position: Number(parts[11]),
    returned: Number(parts[12])
  }
}
