import { unfinishedPublications } from '../../store/campaigns/campaigns.ts'
import { campaignsWithOpenIntents } from '../../store/campaigns/intents.ts'
import { type CampaignDeps, carryOut } from '../carrying/carry-out.ts'
import { readBackAndOpen } from './read-back.ts'

/**
 * Carries out the changes that operators asked for and no gateway finished: open intents of every campaign, and
 * publications that stopped between preload and opening. The worker calls it about every second; it may run in parallel
 * with gateways and other workers.
 * @returns how many intents were closed
 * @throws what Postgres throws; UnavailableError when Redis does not answer in time
 */
export async function driveIntents(deps: CampaignDeps): Promise<number> {
  let closed = 0
  for (const campaign of await campaignsWithOpenIntents(deps.pool)) {
    closed += (await carryOut(deps, campaign)) ?? 0
  }
  for (const campaign of await unfinishedPublications(deps.pool)) {
    const { step } = await readBackAndOpen(deps, campaign)
    if (step === 'opening') closed += (await carryOut(deps, campaign)) ?? 0
  }
  return closed
}
