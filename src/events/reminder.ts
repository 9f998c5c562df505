import { isoTime } from '../base/iso-time.ts'
import type { Names } from '../journal/subjects.ts'
import { issuedUser } from '../store/connection/user-name.ts'
import { cloudEvent, type PublicEvent } from './cloud-event.ts'

/** A reminder that is told now. */
interface Reminder {
  readonly user: string
  readonly campaign: string
  /** the activity of kind reservation, and the one that it is of */
  readonly activity: string
  readonly of: string
  readonly session: string
  /** ms since 1970 */
  readonly opensAt: number
  /** the reservation's id */
  readonly reservation: string
  /** of a session after the first that the reservation promised to tell of */
  readonly further: boolean
}

/** The event of a reminder. It is no decision: its id is the reservation's, with the session where that is a further one. */
export function reminderEvent(names: Names, reminder: Reminder, now: number): PublicEvent {
  const { campaign, activity, of, session, reservation, further } = reminder
  const type = 'reminder.due'
  const id = `${type}:${reservation}${further ? `:${session}` : ''}`
  const user = issuedUser(reminder.user)
  const data = { user, campaign, activity, reservation, of, session, opensAt: isoTime(reminder.opensAt) }
  return {
    subject: names.eventSubject(campaign, type),
    stream: names.publicStream,
    id,
    payload: cloudEvent(names, { id, type, subject: reservation, at: now, user }, data),
    contentType: 'application/cloudevents+json'
  }
}
