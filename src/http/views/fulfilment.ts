import { isoTime } from '../../base/iso-time.ts'
import type { WinRecord } from '../../record/win.ts'
import type { StoredFulfilment } from '../../store/reading/fulfilments.ts'

/**
 * How far a win is handed over, as operators see it: `waiting` where it was claimed and nobody has begun; nothing where nobody has to. The
 * code for picking it up is its owner's.
 */
export function fulfilmentView({ status }: WinRecord, known: StoredFulfilment | undefined): { fulfilment?: object } {
  if (known === undefined) return status === 'claimed' ? { fulfilment: { state: 'waiting' } } : {}
  const { state, at, carrier, trackingNumber, reason, count } = known
  return { fulfilment: { state, at: isoTime(at.getTime()), carrier, trackingNumber, reason, attempt: count } }
}
