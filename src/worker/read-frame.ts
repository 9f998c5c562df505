import { decodeOrder } from '../gate/order-record.ts'
import { decodeWin } from '../gate/win-record.ts'
import { type ParsedFrame, parseFrame } from '../journal/frame.ts'

/**
 * A frame out of the journal stream of a shard's opening, for the projection and for the events alike: what the one cannot
 * read, the other must not tell. (A frame of an older epoch is honest there: a lost journal is published again.)
 */
export function readFrame(text: string, shard: number, epoch: number): ParsedFrame {
  const parsed = parseFrame(text)
  if (!parsed.ok) return parsed
  const { frame } = parsed
  if (frame.shard !== shard || frame.epoch > epoch) {
    return {
      ok: false,
      reason: `a frame of shard ${frame.shard}, epoch ${frame.epoch} in the journal of ${shard}, ${epoch}`
    }
  }
  try {
    for (const decision of frame.decisions) {
      for (const [field, record] of Object.entries(decision.put?.u ?? {})) {
        if (field.startsWith('o:')) decodeOrder(field, record)
        if (field.startsWith('w:')) decodeWin(field, record)
      }
    }
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) }
  }
  return parsed
}
