import { isoTime } from '../base/iso-time.ts'
import type { Names } from '../journal/subjects.ts'
import { cloudEvent, type PublicEvent } from './cloud-event.ts'
import type { ToldType } from './types.ts'

interface Told {
  readonly type: ToldType
  /** what it is about, after the type in its id: told again it has the same one */
  readonly place: readonly string[]
  readonly subject: string
  /** ms since 1970 */
  readonly at: number
  readonly data: { readonly campaign: string; readonly activity: string } & Readonly<Record<string, unknown>>
}

/** An event of the campaign itself, which nobody decided. */
function ownEvent(names: Names, { type, place, subject, at, data }: Told): PublicEvent {
  const id = [type, ...place].join(':')
  return {
    subject: names.eventSubject(data.campaign, type),
    stream: names.publicStream,
    id,
    payload: cloudEvent(names, { id, type, subject, at, user: '' }, data),
    contentType: 'application/cloudevents+json'
  }
}

/** A session, or a whole campaign, that opened or closed by the clock. */
export interface Moment {
  readonly campaign: string
  /** '' for the campaign itself */
  readonly activity: string
  readonly session: string
  readonly moment: 'opened' | 'closed' | 'ended'
  /** ms since 1970 */
  readonly at: number
  readonly opensAt: number
  readonly closesAt: number
}

const momentTypes = { opened: 'session.opened', closed: 'session.closed', ended: 'campaign.ended' } as const

export function momentEvent(names: Names, moment: Moment): PublicEvent {
  const { campaign, activity, session, at } = moment
  const times = { opensAt: isoTime(moment.opensAt), closesAt: isoTime(moment.closesAt) }
  const isCampaign = activity === ''
  return ownEvent(names, {
    type: momentTypes[moment.moment],
    place: isCampaign ? [campaign] : [campaign, activity, session],
    subject: isCampaign ? campaign : session,
    at,
    data: { campaign, activity, ...(!isCampaign && { session }), ...times }
  })
}

/** Units of an activity that ran out on all shards, or are there again. */
interface Turn {
  readonly campaign: string
  readonly activity: string
  /** a session, or a prize with a quota */
  readonly item: string
  readonly of: 'session' | 'prize'
  readonly isOut: boolean
  /** how often that has turned */
  readonly turn: number
  /** ms since 1970 */
  readonly at: number
  readonly remaining: number
  /** units of orders that are not paid: they come back if they never are */
  readonly held: number
}

export function turnEvent(names: Names, turn: Turn): PublicEvent {
  const { campaign, activity, item, of, isOut, at, remaining, held } = turn
  return ownEvent(names, {
    type: isOut ? 'activity.soldout' : 'activity.reopened',
    place: [campaign, activity, item, String(turn.turn)],
    subject: activity,
    at,
    data: { campaign, activity, [of]: item, remaining, mayReopen: held > 0 }
  })
}
