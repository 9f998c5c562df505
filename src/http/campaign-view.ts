import { type CatalogueCampaign, statusOf } from '../campaign/catalogue.ts'
import type { Sale, Session } from '../campaign/rules.ts'
import { isoTime } from '../gate/iso-time.ts'
import { type Language, localise } from './language.ts'
import type { CampaignFigures, SessionFigures } from './live-figures.ts'

/** Whom, when and in which words a campaign is shown. */
export interface ViewContext {
  /** ms since 1970 */
  readonly now: number
  readonly language: Language
  /** undefined while Redis never answered: figures are then null, never zero */
  readonly figures: CampaignFigures | undefined
}

/** The session open at `now`, otherwise the next one; undefined after the last. */
export function currentOrNext(sale: Sale, now: number): Session | undefined {
  return sale.sessions.find((session) => now < session.closesAt)
}

function sessionFigures(
  sale: Sale,
  session: Session,
  figures: CampaignFigures | undefined
): SessionFigures | undefined {
  return figures?.sessions.get(`${sale.id}/${session.id}`)
}

/** Sales that the public may see at `now`, in the order of the page. */
export function visibleSales(campaign: CatalogueCampaign, now: number): Sale[] {
  return campaign.rules.activities
    .filter((activity) => activity.kind === 'sale')
    .filter((sale) => sale.visibleFrom === undefined || sale.visibleFrom <= now)
    .sort((a, b) => a.sort - b.sort)
}

function saleView(sale: Sale, { now, language, figures }: ViewContext) {
  const at = currentOrNext(sale, now)
  const requires = {
    ...(sale.requires.entitlement !== '' && { entitlement: sale.requires.entitlement }),
    ...(sale.requires.level > 0 && { level: sale.requires.level })
  }
  return {
    id: sale.id,
    kind: sale.kind,
    title: localise(sale.title, language),
    ...(sale.description !== undefined && { description: localise(sale.description, language) }),
    ...(sale.sku !== undefined && { sku: sale.sku }),
    ...(sale.category !== undefined && { category: sale.category }),
    sort: sale.sort,
    ...(sale.listPrice !== undefined && { listPrice: sale.listPrice }),
    price: sale.price,
    currency: sale.currency,
    unitsPerUser: sale.unitsPerUser || null,
    payWithinSeconds: sale.payWithinSeconds || null,
    ...(sale.shipWithin !== undefined && { shipWithin: sale.shipWithin }),
    ...(Object.keys(requires).length > 0 && { requires }),
    paused: sale.paused,
    currentSession: at !== undefined && at.opensAt <= now ? at.id : null,
    nextOpensAt: nextOpening(sale, now),
    remaining: at === undefined ? 0 : (sessionFigures(sale, at, figures)?.remaining ?? null),
    sessions: sale.sessions.map((session) => ({
      id: session.id,
      opensAt: isoTime(session.opensAt),
      closesAt: isoTime(session.closesAt),
      ...(session.unitsPerUser > 0 && { unitsPerUser: session.unitsPerUser }),
      paused: session.paused,
      total: sessionFigures(sale, session, figures)?.total ?? null,
      remaining: sessionFigures(sale, session, figures)?.remaining ?? null
    }))
  }
}

function nextOpening(sale: Sale, now: number): string | null {
  const next = sale.sessions.find((session) => session.opensAt > now)
  return next === undefined ? null : isoTime(next.opensAt)
}

/** A published campaign as the public sees it. */
export function campaignView(campaign: CatalogueCampaign, context: ViewContext) {
  const { rules } = campaign
  return {
    id: campaign.id,
    title: localise(rules.title, context.language),
    ...(rules.description !== undefined && { description: localise(rules.description, context.language) }),
    status: statusOf(campaign, context.now),
    version: campaign.version,
    timezone: rules.timezone,
    opensAt: isoTime(rules.opensAt),
    closesAt: isoTime(rules.closesAt),
    unitsPerUser: rules.unitsPerUser || null,
    participants: context.figures?.participants ?? null,
    activities: visibleSales(campaign, context.now).map((sale) => saleView(sale, context))
  }
}

/** What changes while people watch: no words, so it is the same for every language. */
export function liveView(campaign: CatalogueCampaign, { now, figures }: Omit<ViewContext, 'language'>) {
  return {
    status: statusOf(campaign, now),
    version: campaign.version,
    participants: figures?.participants ?? null,
    activities: visibleSales(campaign, now).map((sale) => {
      const at = currentOrNext(sale, now)
      return {
        id: sale.id,
        price: sale.price,
        paused: sale.paused,
        currentSession: at !== undefined && at.opensAt <= now ? at.id : null,
        nextOpensAt: nextOpening(sale, now),
        remaining: at === undefined ? 0 : (sessionFigures(sale, at, figures)?.remaining ?? null),
        session: at?.id ?? null
      }
    })
  }
}

/** The rules in force, as they are promised to everybody. */
export function rulesView(campaign: CatalogueCampaign, { now, language }: Omit<ViewContext, 'figures'>) {
  const { rules } = campaign
  return {
    campaign: campaign.id,
    title: localise(rules.title, language),
    version: campaign.version,
    revision: campaign.revision,
    timezone: rules.timezone,
    opensAt: isoTime(rules.opensAt),
    closesAt: isoTime(rules.closesAt),
    limits: { unitsPerUser: rules.unitsPerUser || null },
    policies: {
      cancellable: rules.policies.cancellable,
      releasedOrderReturnsLimit: rules.policies.releasedOrderReturnsLimit,
      returnRestocks: rules.policies.returnRestocks
    },
    activities: visibleSales(campaign, now).map((sale) => {
      const {
        title: _title,
        remaining: _remaining,
        sessions,
        ...rest
      } = saleView(sale, { now, language, figures: undefined })
      return { ...rest, sessions: sessions.map(({ total: _total, remaining: _left, ...session }) => session) }
    }),
    odds: {}
  }
}
