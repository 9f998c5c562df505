import { pastMoment } from '../../base/moment.ts'
import { ProblemError } from '../problems/problems.ts'

/** When what a service reports happened, `now` where it does not say so. @throws ProblemError VALIDATION for a text that is no moment, or for a moment in the future */
export function happenedAt(text: string | undefined, now: number): number {
  if (text === undefined) return now
  const read = pastMoment(text, now)
  if ('at' in read) return read.at
  throw new ProblemError('VALIDATION', { errors: [{ pointer: '/occurredAt', detail: read.wrong }] })
}
