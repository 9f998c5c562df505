import { isoTime } from '../../base/iso-time.ts'
import { type CatalogueCampaign, noticeAt, statusOf } from '../../campaign/carrying/catalogue.ts'
import { RETURN_WITHIN_DAYS } from '../../campaign/definition/final.ts'
import type { ActivityRules } from '../../campaign/kinds/index.ts'
import { httpKindOf } from '../kinds/index.ts'
import type { ViewContext } from '../kinds/parts/page.ts'
import { localise, localiseAny } from '../problems/language.ts'

/** Activities that the public may see at `now`, in the order of the page. */
export function visibleActivities(campaign: CatalogueCampaign, now: number): ActivityRules[] {
  return campaign.rules.activities
    .filter((activity) => activity.visibleFrom === undefined || activity.visibleFrom <= now)
    .sort((a, b) => a.sort - b.sort)
}

/** What levels are worth and rest on, as the rules say; nothing in a campaign without levels. */
function levelsOf({ levels, levelScope = 'campaign' }: CatalogueCampaign['rules']) {
  return levels && { levels, levelScope }
}

/** A published campaign as the public sees it. */
export function campaignView(context: ViewContext) {
  const { campaign, now, language, figures } = context
  const { rules } = campaign
  const notice = noticeAt(campaign, now)
  return {
    id: campaign.id,
    title: localise(rules.title, language),
    ...(rules.description !== undefined && { description: localise(rules.description, language) }),
    status: statusOf(campaign, now),
    ...(notice && { notice: localiseAny(notice, language) }),
    version: campaign.version,
    timezone: rules.timezone,
    opensAt: isoTime(rules.opensAt),
    closesAt: isoTime(rules.closesAt),
    unitsPerUser: rules.unitsPerUser || null,
    participants: figures?.participants ?? null,
    ...levelsOf(rules),
    activities: visibleActivities(campaign, now).map((activity) => httpKindOf(activity).page.view(activity, context))
  }
}

/** The parts that change while people watch. They are the same for every language: a notice is told in all that it has. */
export function liveView({ campaign, now, figures }: Omit<ViewContext, 'language'>) {
  const notice = noticeAt(campaign, now)
  return {
    status: statusOf(campaign, now),
    ...(notice && { notice }),
    version: campaign.version,
    participants: figures?.participants ?? null,
    activities: visibleActivities(campaign, now).map((activity) =>
      httpKindOf(activity).page.liveView(activity, { now, figures })
    )
  }
}

/** The public view of the rules in force. */
export function rulesView(context: ViewContext) {
  const { campaign, now, language } = context
  const { rules } = campaign
  const activities = visibleActivities(campaign, now)
  return {
    campaign: campaign.id,
    title: localise(rules.title, language),
    version: campaign.version,
    revision: campaign.revision,
    timezone: rules.timezone,
    opensAt: isoTime(rules.opensAt),
    closesAt: isoTime(rules.closesAt),
    ...(rules.calendar && { calendar: rules.calendar }),
    limits: { unitsPerUser: rules.unitsPerUser || null },
    policies: {
      cancellable: rules.policies.cancellable,
      releasedOrderReturnsLimit: rules.policies.releasedOrderReturnsLimit,
      returnRestocks: rules.policies.returnRestocks,
      revokedWinReturnsQuota: rules.policies.revokedWinReturnsQuota,
      unusedDailyChances: rules.policies.unusedDailyChances,
      clawback: rules.policies.clawback,
      returnWithinDays: rules.policies.returnWithinDays ?? RETURN_WITHIN_DAYS
    },
    ...levelsOf(rules),
    activities: activities.map((activity) => httpKindOf(activity).page.rulesView(activity, context)),
    odds: Object.fromEntries(
      activities.flatMap((activity) => {
        const odds = httpKindOf(activity).page.odds?.(activity)
        return odds === undefined ? [] : [[activity.id, odds]]
      })
    )
  }
}
