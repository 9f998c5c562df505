import { recordKinds } from '../gate/entity-records.ts'
import { type FrameDecision, type ParsedFrame, parseFrame } from '../journal/frame.ts'
import { decodeClaim } from './entity-rows.ts'

/** @throws Error when the record of an order or a win, or the report of a claim, is not one */
function checkDecision({ type, put, report }: FrameDecision): void {
  const fields = put?.u ?? {}
  for (const field in fields) {
    const kind = recordKinds.find(({ prefix }) => field.startsWith(prefix))
    kind?.check(field, fields[field] ?? '')
  }
  if (type === 'claim.accepted') decodeClaim(report ?? '')
}

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
    for (const decision of frame.decisions) checkDecision(decision)
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) }
  }
  return parsed
}
