import type { Frame, FrameDecision } from '../../journal/frame.ts'
import { type Entity, entityAfter } from '../../record/entities.ts'

/** What was decided, as an event tells it beside user, campaign, activity, request and numbers. */
export type Data = Record<string, unknown>

/** A decision that is told. */
export interface Decided {
  readonly frame: Frame
  readonly decision: FrameDecision
  readonly report: string
  /** id of the order or win that it made or moved, '' where it is about none */
  readonly id: string
  /** the order or win right after it, where its record says it */
  readonly after: Entity
}

export function decidedIn(frame: Frame, decision: FrameDecision): Decided {
  const after = entityAfter(frame, decision)
  const id = after.name === '' ? '' : `${frame.shard}-${after.name}`
  return { frame, decision, report: decision.report ?? '', id, after }
}

export const orNull = (fact: string): string | null => (fact === '' ? null : fact)

/** What was asked for beside what was done. */
export function askedIn({ request }: FrameDecision): Data {
  return typeof request === 'object' && request !== null ? (request as Data) : {}
}
