import { isoTime } from '../base/iso-time.ts'
import type { Names } from '../journal/subjects.ts'
import { issuedUser } from '../store/connection/user-name.ts'
import { cloudEvent, type PublicEvent } from './cloud-event.ts'

/** A session that opens soon. */
interface OpeningSession {
  readonly campaign: string
  /** the activity of kind reservation, and the one that it is of */
  readonly activity: string
  readonly of: string
  readonly session: string
  /** ms since 1970 */
  readonly opensAt: number
}

/** Whom to remind of it. */
interface Reminder {
  readonly user: string
  /** the reservation's id */
  readonly reservation: string
  /** of a session after the first that the reservation promised to tell of */
  readonly further: boolean
}

// ids and names of deployments hold no angle brackets
const HOLE = /"<(\w+)>"/

/**
 * Makes the events of reminders of a session. One is no decision: its id is the reservation's, with the session where that is a further
 * one. Up to a million are made in a minute, so what they have in common is put together once.
 */
export function reminderEvents(names: Names, about: OpeningSession, now: number): (reminder: Reminder) => PublicEvent {
  const { campaign, activity, of, session, opensAt } = about
  const type = 'reminder.due'
  const [user, reservation] = ['<user>', '<reservation>']
  const data = { user, campaign, activity, reservation, of, session, opensAt: isoTime(opensAt) }
  const whole = cloudEvent(names, { id: '<id>', type, subject: reservation, at: now, user }, data)
  // parts of the text and names of holes take turns
  const [head = '', ...rest] = whole.split(HOLE)
  const shared = { subject: names.eventSubject(campaign, type), stream: names.publicStream }
  return (reminder) => {
    const id = `${type}:${reminder.reservation}${reminder.further ? `:${session}` : ''}`
    const texts: Readonly<Record<string, string>> = {
      id: JSON.stringify(id),
      user: JSON.stringify(issuedUser(reminder.user)),
      reservation: JSON.stringify(reminder.reservation)
    }
    let payload = head
    for (let at = 0; at < rest.length; at += 2) payload += `${texts[rest[at] ?? '']}${rest[at + 1]}`
    return { ...shared, id, payload, contentType: 'application/cloudevents+json' }
  }
}
