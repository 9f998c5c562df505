import { type ParsedFrame, parseFrame } from '../../journal/frame.ts'
import type { StoredMessage } from '../../journal/reader.ts'
import { checkKinds } from './kinds/index.ts'

/**
 * A frame out of the journal stream of a shard's opening, for the projection and for the events alike: what the one cannot
 * read, the other must not tell. A frame of another epoch than its stream's is none, unless a recovery published it again.
 */
export function readFrame(message: StoredMessage, shard: number, epoch: number): ParsedFrame {
  const parsed = parseFrame(message.text)
  if (!parsed.ok) return parsed
  const { frame } = parsed
  const fits = frame.epoch === epoch || (message.republished && frame.epoch < epoch)
  if (frame.shard !== shard || !fits) {
    return {
      ok: false,
      reason: `a frame of shard ${frame.shard}, epoch ${frame.epoch} in the journal of ${shard}, ${epoch}`
    }
  }
  try {
    for (const decision of frame.decisions) checkKinds(decision)
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) }
  }
  return parsed
}
