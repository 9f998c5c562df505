import { isoTime, isoTimeOrNull } from './iso-time.ts'
import { decodeOrder } from './order-record.ts'
import { decodeWin } from './win-record.ts'

/** A kind of record that a user's hash keeps under `<prefix><epoch>-<sequence>`. */
export interface RecordKind {
  readonly prefix: string
  /** the decision that makes such a record; it is named by that decision */
  readonly begins: string
  /** member of a frame's decision that names the record which a later decision moved */
  readonly moved: 'order' | 'win'
  /** @throws Error when a text is not such a record */
  readonly check: (field: string, text: string) => void
}

const orders: RecordKind = { prefix: 'o:', begins: 'order.accepted', moved: 'order', check: decodeOrder }

const wins: RecordKind = {
  prefix: 'w:',
  begins: 'spin.won',
  moved: 'win',
  check: (field, text) => {
    const { tier, wonAt, claimBy } = decodeWin(field, text)
    if (!Number.isSafeInteger(tier)) throw new Error(`Win ${field} is not readable: its tier is no number`)
    isoTime(wonAt)
    isoTimeOrNull(claimBy)
  }
}

export const recordKinds: readonly RecordKind[] = [orders, wins]

/** The kind of record that a decision of this type is about, where it is about one; lua/steps/replay.lua has the same rule. */
export function recordKindOf(type: string): RecordKind {
  return type.startsWith('order.') ? orders : wins
}
