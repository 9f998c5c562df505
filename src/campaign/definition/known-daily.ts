import type { PoolClient } from 'pg'
import { type CampaignRow, findVersion } from '../../store/campaigns/campaigns.ts'
import { kindOf } from '../kinds/index.ts'
import type { Definition } from './document.ts'
import type { Rules } from './rules.ts'

/**
 * The campaign with the daily entries of its activities in its rules: rules that an older version of the program published
 * lack them, and the published definition has them.
 */
export async function withKnownDaily(client: PoolClient, row: CampaignRow): Promise<CampaignRow> {
  const rules = row.rules as Rules | null
  const isUnknown = rules?.activities.some((activity) => kindOf(activity).hasSessions && activity.daily === undefined)
  if (rules === null || isUnknown !== true || row.publishedVersion === null) return row
  const published = await findVersion(client, row.id, row.publishedVersion)
  const definition = published?.definition as Definition | undefined
  const activities = rules.activities.map((activity) => {
    const defined = definition?.activities.find(({ id }) => id === activity.id)
    if (defined?.kind !== activity.kind || !('daily' in defined) || defined.daily === undefined) return activity
    return { ...activity, daily: activity.daily ?? defined.daily }
  })
  return { ...row, rules: { ...rules, activities } }
}
