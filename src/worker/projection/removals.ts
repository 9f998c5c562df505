import type { FrameDecision } from '../../journal/frame.ts'
import { stockPlaceOf, userOfKey } from '../../record/keys.ts'
import type { Removal } from '../../store/projection/removals.ts'

/** What a decision took out of Redis for good; undefined for nearly every one. */
export function removalOf({ campaign, del }: FrameDecision): Removal | undefined {
  if (del === undefined) return undefined
  const keys = Object.keys(del)
  return {
    campaign_id: campaign,
    users: keys.flatMap((key) => userOfKey(key) ?? []),
    activities: keys.flatMap((key) => stockPlaceOf(key)?.activity ?? [])
  }
}
