import { type ParsedFrame, parseFrame } from '../../journal/frame.ts'
import type { StoredMessage } from '../../journal/reader.ts'
import { checkKinds } from './kinds/index.ts'

// By message: the readers of the journal are given the same ones, see src/journal/shared-journal.ts.
const known = new WeakMap<StoredMessage, ParsedFrame>()

/**
 * A frame out of the journal stream of a shard's opening, for the projection and for the events alike: what the one cannot
 * read, the other must not tell. A frame of another epoch than its stream's is none, unless a recovery published it again.
 * Nobody may change what it returns.
 */
export function readFrame(message: StoredMessage, shard: number, epoch: number): ParsedFrame {
  const read = known.get(message) ?? parsedFrame(message, shard, epoch)
  known.set(message, read)
  return read
}

function parsedFrame(message: StoredMessage, shard: number, epoch: number): ParsedFrame {
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
    for (const decision of frame.decisions) checkKinds(frame, decision)
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) }
  }
  return parsed
}
