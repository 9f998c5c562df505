import { isoTime } from '../../base/iso-time.ts'
import type { CatalogueCampaign } from '../../campaign/carrying/catalogue.ts'
import type { ActivityRules } from '../../campaign/kinds/index.ts'
import type { Session } from '../../campaign/parts/model.ts'
import { type Language, localise } from '../problems/language.ts'
import type { CampaignFigures, StockFigures } from './live-figures.ts'

/** Whom, when and in which words a campaign is shown. */
export interface ViewContext {
  readonly campaign: CatalogueCampaign
  /** ms since 1970 */
  readonly now: number
  readonly language: Language
  /** undefined while Redis never answered: figures are then null, never zero */
  readonly figures: CampaignFigures | undefined
}

/** The session open at `now`, otherwise the next one; undefined after the last. */
export function currentOrNext(activity: ActivityRules, now: number): Session | undefined {
  return activity.sessions.find((session) => now < session.closesAt)
}

export function openingOf(activity: ActivityRules, now: number) {
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

/** What is left in the session that is open or next: 0 after the last one, null while it is not known. */
export function sessionRemaining(
  activity: ActivityRules,
  context: Pick<ViewContext, 'now' | 'figures'>
): number | null {
  const at = currentOrNext(activity, context.now)
  return at === undefined ? 0 : (stockOf(activity, at.id, context)?.remaining ?? null)
}

/** Sessions as the public sees them, with their units where they have some. */
export function sessionsView(activity: ActivityRules, context: Pick<ViewContext, 'figures'>) {
  const counted = activity.kind === 'sale' || activity.kind === 'redemption'
  return activity.sessions.map((session) => {
    const units = counted ? stockOf(activity, session.id, context) : undefined
    return {
      id: session.id,
      opensAt: isoTime(session.opensAt),
      closesAt: isoTime(session.closesAt),
      ...(session.unitsPerUser > 0 && { unitsPerUser: session.unitsPerUser }),
      paused: session.paused,
      ...(counted && { total: units?.total ?? null, remaining: units?.remaining ?? null })
    }
  })
}

/** What every kind of activity shows. */
export function commonView(activity: ActivityRules, { now, language }: ViewContext) {
  const { entitlement, level } = activity.requires
  const requires = { ...(entitlement !== '' && { entitlement }), ...(level > 0 && { level }) }
  return {
    id: activity.id,
    kind: activity.kind,
    title: localise(activity.title, language),
    ...(activity.description !== undefined && { description: localise(activity.description, language) }),
    ...(activity.category !== undefined && { category: activity.category }),
    sort: activity.sort,
    ...(Object.keys(requires).length > 0 && { requires }),
    ...openingOf(activity, now)
  }
}
