import { type Invitation, invitationIn } from '../invitation.ts'
import { reportParts } from './moves.ts'

/** What an acceptance of an invitation says about itself. */
interface AcceptanceReport extends Invitation {
  readonly kind: 'acceptance'
}

/** Reads `<inviter>,<code>,<registered or ''>`. */
export function decodeAcceptance(text: string): AcceptanceReport {
  return { kind: 'acceptance', ...invitationIn(reportParts(text).facts) }
}
