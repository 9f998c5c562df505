import { momentOf } from '../../base/moment.ts'
import { MAX_SESSIONS } from './bounds.ts'
import type { CommonDefinition } from './common.ts'
import type { LocalWindow, Window } from './context.ts'
import { type ActivityBase, type Required, type Session, WHOLE } from './model.ts'
import { expandDaily, type PlannedSession } from './sessions.ts'
import type { Localized, SessionDefinition } from './shapes.ts'

/** @throws Error when the text is no moment, which is a bug: definitions are checked before */
export function moment(text: string): number {
  const value = momentOf(text)
  if (value === undefined) throw new Error(`${JSON.stringify(text)} is not a moment`)
  return value
}

export const iso = (value: number) => new Date(value).toISOString()

interface Common {
  readonly id: string
  readonly title: Localized
  readonly description?: Localized
  readonly category?: string
  readonly sort: number
  readonly visibleFrom?: number
  readonly image?: string
  readonly spec?: Readonly<Record<string, Localized>>
  readonly instructions?: Localized
  readonly requires: Required
  readonly paused: boolean
}

/** What pages and owners are shown beside the texts; a later version may change it. */
export function shownOf({ image, spec, instructions }: Pick<Common, 'image' | 'spec' | 'instructions'>) {
  return {
    ...(image === undefined ? {} : { image }),
    ...(spec === undefined ? {} : { spec: { ...spec } }),
    ...(instructions === undefined ? {} : { instructions })
  }
}

/** The part of an activity in force that all kinds share. */
export function commonRules(activity: CommonDefinition): Common {
  const { id, title, description, category, sort, visibleFrom, requires } = activity
  return {
    id,
    title: title ?? id,
    ...(description === undefined ? {} : { description }),
    ...(category === undefined ? {} : { category }),
    sort: sort ?? 0,
    ...(visibleFrom === undefined ? {} : { visibleFrom: moment(visibleFrom) }),
    ...shownOf(activity),
    requires: {
      entitlement: requires?.entitlement ?? '',
      level: requires?.level ?? 0,
      ...(requires?.reservation === undefined ? {} : { reservation: requires.reservation }),
      ...(requires?.ticket ? { ticket: true } : {})
    },
    paused: false
  }
}

/** The same part in the form of a definition. */
export function commonDefinition(activity: Common) {
  const { id, title, description, category, sort, visibleFrom, requires } = activity
  const asked = {
    ...(requires.entitlement ? { entitlement: requires.entitlement } : {}),
    ...(requires.level > 0 ? { level: requires.level } : {}),
    ...(requires.reservation ? { reservation: requires.reservation } : {}),
    ...(requires.ticket ? { ticket: true } : {})
  }
  return {
    id,
    title,
    ...(description === undefined ? {} : { description }),
    ...(category === undefined ? {} : { category }),
    sort,
    ...(visibleFrom === undefined ? {} : { visibleFrom: iso(visibleFrom) }),
    ...shownOf(activity),
    ...(Object.keys(asked).length > 0 ? { requires: asked } : {})
  }
}

export const newSession = (session: PlannedSession): Session => ({
  ...session,
  publishedStock: session.stock,
  paused: false
})

/** The daily sessions that an activity has in a window and did not have in a smaller one. */
export function addedSessions(activity: ActivityBase, before: Window, window: LocalWindow): Session[] {
  const known = new Set(activity.sessions.map(({ id }) => id))
  return expandDaily(activity.daily ?? [], window, MAX_SESSIONS)
    .filter(({ id, closesAt }) => closesAt > before.closesAt && !known.has(id))
    .map(newSession)
}

/** A session in force, in the form of a definition. */
export function sessionDefinition(session: Session): SessionDefinition {
  return {
    id: session.id,
    opensAt: iso(session.opensAt),
    closesAt: iso(session.closesAt),
    stock: Math.max(0, session.stock),
    ...(session.unitsPerUser > 0 ? { unitsPerUser: session.unitsPerUser } : {})
  }
}

/** The one session of an activity with a window of its own, or the campaign's. */
export function wholeSession(
  activity: { readonly opensAt?: string; readonly closesAt?: string },
  window: Window,
  stock = 0
): Session {
  return {
    id: WHOLE,
    opensAt: activity.opensAt === undefined ? window.opensAt : moment(activity.opensAt),
    closesAt: activity.closesAt === undefined ? window.closesAt : moment(activity.closesAt),
    stock,
    publishedStock: stock,
    unitsPerUser: 0,
    paused: false
  }
}

/** @throws Error where there is none: an activity of a kind without several sessions has exactly one */
export function onlySession(activity: { readonly id: string; readonly sessions: readonly Session[] }): Session {
  const [session] = activity.sessions
  if (!session) throw new Error(`${activity.id} has no session`)
  return session
}

/** The window of an activity with one session, in the form of a definition. */
export function windowDefinition(activity: { readonly id: string; readonly sessions: readonly Session[] }) {
  const { opensAt, closesAt } = onlySession(activity)
  return { opensAt: iso(opensAt), closesAt: iso(closesAt) }
}

export function amountOf(cost: Readonly<Record<string, number>>): { unit: string; amount: number } {
  const [entry] = Object.entries(cost)
  if (!entry) throw new Error('A cost names no unit')
  return { unit: entry[0], amount: entry[1] }
}
