import { isoTime } from '../../../base/iso-time.ts'
import type { CatalogueCampaign } from '../../../campaign/carrying/catalogue.ts'
import type { ActivityRules } from '../../../campaign/kinds/index.ts'
import type { Session } from '../../../campaign/parts/model.ts'
import { type Language, localise } from '../../problems/language.ts'

/** Units of a session, or of a prize with a quota. */
export interface StockFigures {
  readonly total: number
  readonly remaining: number
  /** taken and not paid; 0 where nothing is paid */
  readonly held: number
  readonly paid: number
}

/** What Redis says about a campaign at a moment. */
export interface CampaignFigures {
  readonly participants: number
  /** by `<activity>/<session>` and `<draw>/<prize>` */
  readonly stock: ReadonlyMap<string, StockFigures>
  /** counters that pages show beside stock, by `<activity>/<field>` of the activity's stock (see `counts`) */
  readonly counts: ReadonlyMap<string, number>
  /** whether Redis says that the campaign was ended early */
  readonly ended: boolean
  /** closing times in Redis, by activity, for pages that need them (see `waitsForClosing`); ms since 1970 */
  readonly closings: ReadonlyMap<string, number>
  /** ms since 1970 */
  readonly asOf: number
}

/** What a public view of a campaign depends on: campaign, time, language, figures. */
export interface ViewContext {
  readonly campaign: CatalogueCampaign
  /** ms since 1970 */
  readonly now: number
  readonly language: Language
  /** undefined until Redis answers for the first time: views then show null, never zero */
  readonly figures: CampaignFigures | undefined
}

/** The same for views without texts. */
export type LiveContext = Pick<ViewContext, 'now' | 'figures'>

/** The session open at `now`, otherwise the next one; undefined after the last. */
export function currentOrNext(activity: ActivityRules, now: number): Session | undefined {
  return activity.sessions.find((session) => now < session.closesAt)
}

function openingOf(activity: ActivityRules, now: number) {
  const at = currentOrNext(activity, now)
  const next = activity.sessions.find((session) => session.opensAt > now)
  return {
    paused: activity.paused,
    currentSession: at !== undefined && at.opensAt <= now ? at.id : null,
    nextOpensAt: next === undefined ? null : isoTime(next.opensAt)
  }
}

/** Units of a session or a prize; undefined while they are not known. */
export function stockOf(
  activity: ActivityRules,
  item: string,
  { figures }: Pick<ViewContext, 'figures'>
): StockFigures | undefined {
  return figures?.stock.get(`${activity.id}/${item}`)
}

/** Units left in the session that is open or next: 0 after the last session, null while it is not known. */
export function sessionRemaining(
  activity: ActivityRules,
  context: Pick<ViewContext, 'now' | 'figures'>
): number | null {
  const at = currentOrNext(activity, context.now)
  return at === undefined ? 0 : (stockOf(activity, at.id, context)?.remaining ?? null)
}

function sessionView(session: Session) {
  return {
    id: session.id,
    opensAt: isoTime(session.opensAt),
    closesAt: isoTime(session.closesAt),
    ...(session.unitsPerUser > 0 && { unitsPerUser: session.unitsPerUser }),
    paused: session.paused
  }
}

/** Sessions as the public sees them, of activities whose sessions have no units. */
export function sessionsView({ sessions }: ActivityRules) {
  return sessions.map(sessionView)
}

/** The same for activities whose sessions have units: null while they are not known. */
export function countedSessionsView(activity: ActivityRules, context: Pick<ViewContext, 'figures'>) {
  return activity.sessions.map((session) => {
    const units = stockOf(activity, session.id, context)
    return { ...sessionView(session), total: units?.total ?? null, remaining: units?.remaining ?? null }
  })
}

function specView(spec: NonNullable<ActivityRules['spec']>, language: Language): Record<string, string> {
  return Object.fromEntries(Object.entries(spec).map(([name, text]) => [name, localise(text, language)]))
}

/** The members that every kind of activity shows. */
export function commonView(activity: ActivityRules, { now, language }: ViewContext) {
  const { entitlement, level, reservation, ticket } = activity.requires
  const requires = {
    ...(entitlement !== '' && { entitlement }),
    ...(level > 0 && { level }),
    ...(reservation && { reservation }),
    ...(ticket && { ticket })
  }
  return {
    id: activity.id,
    kind: activity.kind,
    title: localise(activity.title, language),
    ...(activity.description !== undefined && { description: localise(activity.description, language) }),
    ...(activity.category !== undefined && { category: activity.category }),
    sort: activity.sort,
    ...(activity.image !== undefined && { image: activity.image }),
    ...(activity.spec !== undefined && { spec: specView(activity.spec, language) }),
    ...(Object.keys(requires).length > 0 && { requires }),
    ...openingOf(activity, now)
  }
}

/** The members of every activity that change while people watch. */
export function liveHead(activity: ActivityRules, { now }: LiveContext) {
  return { id: activity.id, kind: activity.kind, ...openingOf(activity, now) }
}

/** The same for an activity whose sessions have units. @param price the price or cost of a unit, as a member of the view */
export function liveSessionView(activity: ActivityRules, context: LiveContext, price: object) {
  return {
    ...liveHead(activity, context),
    ...price,
    remaining: sessionRemaining(activity, context),
    session: currentOrNext(activity, context.now)?.id ?? null
  }
}

/** The view of a session, a prize or an activity, without current figures. */
export function withoutFigures<Shown extends object>(shown: Shown): object {
  const { remaining: _remaining, total: _total, ...rest } = shown as { remaining?: unknown; total?: unknown }
  return rest
}

/** An activity as the rules promise it. @param own members of its kind that replace those of `view` or come in addition */
export function rulesViewOf(view: object, own: object = {}): object {
  const { sessions, ...rest } = view as { readonly sessions: readonly object[] }
  return { ...withoutFigures(rest), ...own, sessions: sessions.map(withoutFigures) }
}
