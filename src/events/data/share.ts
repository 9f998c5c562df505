import { decisionId } from '../../journal/frame.ts'
import { decodeAssist } from '../../record/reports/assist.ts'
import { decodeCredit } from '../../record/reports/credit.ts'
import { decodeShare } from '../../record/reports/share.ts'
import { issuedUser } from '../../store/connection/user-name.ts'
import { creditedData } from './credit.ts'
import { askedIn, type Data, type Decided } from './decided.ts'

export function shareData({ frame, decision, report }: Decided): Data {
  const { channel, subjectType, subject } = decodeShare(report)
  return { share: decisionId(frame, decision.seq), channel, subject: { type: subjectType, id: subject } }
}

/** The user of the event is the helper. */
export function assistData({ frame, decision, report }: Decided): Data {
  const { share, sharer, count, moves } = decodeAssist(report)
  return { assist: decisionId(frame, decision.seq), share, sharer: issuedUser(sharer), count, moves }
}

/** A verified share: what it gave its user. */
export const ofVerified = {
  data: creditedData,
  subject: ({ report }: Decided): string => decodeCredit(report).about
}

/** What an operator voided: the request names it, because the gate keeps no record of it. */
export const ofVoided = {
  data: ({ decision }: Decided): Data => askedIn(decision),
  subject: ({ decision }: Decided): string => String(askedIn(decision)[entityWord(decision.type)])
}

/** The first word of a type: `share` of `share.voided`. */
const entityWord = (type: string) => type.slice(0, type.indexOf('.'))
