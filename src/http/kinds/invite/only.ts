import type { Kind } from '../../../base/kinds.ts'
import type { CatalogueActivity, CatalogueCampaign } from '../../../campaign/carrying/catalogue.ts'
import type { Invite } from '../../../campaign/kinds/invite/rules.ts'

interface Finder {
  findOnly(campaign: string, kind: Kind): CatalogueActivity | Promise<CatalogueActivity | undefined>
}

/** The invitations of a campaign; undefined for a campaign without. @throws UnavailableError while no catalogue could be read */
export async function inviteOf(
  finder: Finder,
  id: string
): Promise<{ readonly campaign: CatalogueCampaign; readonly invite: Invite } | undefined> {
  const found = await finder.findOnly(id, 'invite')
  return found?.activity.kind === 'invite' ? { campaign: found.campaign, invite: found.activity } : undefined
}
