import { decisionId } from '../../journal/frame.ts'
import { inviteCodeOf } from '../../record/invite-code.ts'
import { decodeAcceptance } from '../../record/reports/acceptance.ts'
import { issuedUser } from '../../store/connection/user-name.ts'
import type { Data, Decided } from './decided.ts'

/** A code that a user asked for; its id is in it. */
export function codeData({ frame, decision }: Decided): Data {
  return { code: inviteCodeOf(decisionId(frame, decision.seq)) }
}

export function acceptanceData({ frame, decision, report }: Decided): Data {
  const { inviter, code } = decodeAcceptance(report)
  return { invite: decisionId(frame, decision.seq), inviter: issuedUser(inviter), code: inviteCodeOf(code) }
}
