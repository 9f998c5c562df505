import { fromStore } from '../../../base/deadline.ts'
import { userField } from '../../../record/fields.ts'
import { decodeCodeRecord } from '../../../record/invitation.ts'
import { userOfCode } from '../../../store/campaigns/invites.ts'
import type { Services } from '../kind.ts'

/** A code that somebody uses. */
interface UsedCode {
  /** id of the decision that made it */
  readonly decision: string
  readonly campaign: string
  readonly activity: string
}

/**
 * The user whose code it is: from Postgres, else from the frames that it may not have yet, so a code is usable at every gateway from its
 * 201 on. Undefined for a code that nobody has.
 * @throws UnavailableError when Postgres or Redis does not answer
 */
export async function inviterOf({ pool, gate }: Services, code: UsedCode): Promise<string | undefined> {
  const { decision, campaign, activity } = code
  const stored = () => fromStore(userOfCode(pool, code))
  const user = await stored()
  if (user !== undefined) return user
  const owner = await gate.ownerOf(decision)
  // a frame leaves Redis only after the commit, so one that left between the two reads is in Postgres by now
  if (owner === undefined) return stored()
  const field = userField.inviteCode(campaign, activity)
  const { [field]: record } = await gate.fieldsOf(owner, [field])
  return record !== undefined && decodeCodeRecord(record).decision === decision ? owner : undefined
}
