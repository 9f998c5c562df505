import { UnavailableError } from '../../base/errors.ts'
import { decisionId, type Frame, type FrameDecision, parseFrame } from '../../journal/frame.ts'
import { entityOfDecision, recordOfDecision } from '../../record/entities.ts'
import { logical } from '../../record/keys.ts'
import type { Live } from '../batch/decode.ts'
import type { UnstoredDecision } from '../gate.ts'

function unstored(frame: Frame, decision: FrameDecision, journaled: boolean): UnstoredDecision {
  const entity = entityOfDecision(frame, decision)
  return {
    id: decisionId(frame, decision.seq),
    type: decision.type,
    key: decision.key,
    campaign: decision.campaign,
    activity: decision.activity,
    at: frame.at,
    report: decision.report ?? '',
    entity: `${frame.shard}-${entity}`,
    record: recordOfDecision(decision, entity),
    request: decision.request,
    // a script names the hashes of other users by their keys; `u` is that of this decision's user
    moved: decision.add?.u ?? decision.add?.[logical.user(decision.user)] ?? {},
    journaled
  }
}

/** Reads the frames that lua/commands/list.lua returns, each with one decision. @throws UnavailableError */
export function readUnstored(items: ReadonlyArray<Live<string>>): UnstoredDecision[] {
  return items.flatMap(({ item, journaled }) => {
    const parsed = parseFrame(item)
    if (!parsed.ok) throw new UnavailableError(`A frame in Redis is not readable: ${parsed.reason}`)
    return parsed.frame.decisions.map((decision) => unstored(parsed.frame, decision, journaled))
  })
}
