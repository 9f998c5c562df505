import { reportParts } from './moves.ts'

/** What a share (a decision share.created) says about itself. */
interface ShareReport {
  readonly kind: 'share'
  readonly channel: string
  /** what was shared: goods, campaign, experience, result, and its id */
  readonly subjectType: string
  readonly subject: string
}

/** Reads `<channel>,<type of the subject>,<its id>`. */
export function decodeShare(text: string): ShareReport {
  const [channel = '', subjectType = '', subject = ''] = reportParts(text).facts
  return { kind: 'share', channel, subjectType, subject }
}
