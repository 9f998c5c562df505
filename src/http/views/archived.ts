import type { ArchivedCampaign } from '../../store/reading/archived.ts'

/** Where the decisions of a campaign are that have left Postgres: the archive by its sha256. */
export function archivedView({ campaign, sha256, at }: ArchivedCampaign) {
  return { campaign, sha256, archivedAt: at.toISOString() }
}
