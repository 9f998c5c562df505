import { type OrderStatus, orderStatusOf } from './statuses.ts'

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
  /** which unit of its session its first unit is, counted from 1 */
  readonly position: number
  /** units returned so far */
  readonly returned: number
  /** minor units that are due back of what it was paid with, so far */
  readonly refunded: number
  /** of the payment that it was paid with; '' before that, and where an older version took it */
  readonly reference: string
  /** null while nothing is told of one */
  readonly shipment: Shipment | null
  /** how many decisions it has seen; undefined while it is new, and where an older version moved it on last */
  readonly version: number | undefined
}

/** What is told of a shipment; null is what was not. */
export interface Shipment {
  /** as the carrier calls it: in-transit, delivered, ... */
  readonly state: string | null
  readonly carrier: string | null
  readonly trackingNumber: string | null
}

/** The texts that reports and records hold have their separators, and what JSON escapes, as %XX. */
const ESCAPED = /[\p{Cc} %;,|"\\]/gu

/** Texts of a shipment as lua/lib/order.lua keeps them. */
export function encodeShipment({ state, carrier, trackingNumber }: Shipment): string {
  return [state, carrier, trackingNumber].map((part) => (part ?? '').replace(ESCAPED, encodeURIComponent)).join(';')
}

const told = (part: string | undefined): string | null =>
  part === undefined || part === '' ? null : decodeURIComponent(part)

const NEW_PARTS = 13
const MOVED_PARTS = 19

/** The parts that an order has once it was moved on, unless an older version did. @param back the price of what came back */
function movedParts(parts: readonly string[], back: number) {
  if (parts.length === NEW_PARTS) return { refunded: back, reference: '', shipment: null, version: undefined }
  const [refunded, reference = '', state, carrier, trackingNumber, version] = parts.slice(NEW_PARTS)
  const shipment = { state: told(state), carrier: told(carrier), trackingNumber: told(trackingNumber) }
  return {
    refunded: Number(refunded),
    reference: decodeURIComponent(reference),
    shipment: Object.values(shipment).some((part) => part !== null) ? shipment : null,
    version: Number(version)
  }
}

/**
 * Reads the record that lua/lib/order.lua writes:
 * `status;frame;campaign;activity;session;quantity;unitPrice;currency;acceptedAt;payAfterSeconds;shipBy;position;returned`, and
 * `;refunded;reference;state;carrier;trackingNumber;version` once it was moved on.
 * @throws Error when the text is not such a record
 */
export function decodeOrder(id: string, text: string): OrderRecord {
  const parts = text.split(';')
  const status = orderStatusOf(parts[0] ?? '')
  if ((parts.length !== NEW_PARTS && parts.length !== MOVED_PARTS) || status === undefined)
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
    returned: Number(parts[12]),
    ...movedParts(parts, Number(parts[12]) * Number(unitPrice))
  }
}
