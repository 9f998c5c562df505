import type { Pool } from 'pg'
import {
  type ArchivePart,
  type ArchiveRow,
  archiveParts,
  askArchive,
  closeArchive,
  findArchive
} from '../../store/campaigns/archives.ts'
import { removeAttemptTimes } from '../../store/campaigns/attempts.ts'
import { type CampaignRow, changeCampaign, findCampaign, lockCampaign } from '../../store/campaigns/campaigns.ts'
import { deleteLoans } from '../../store/campaigns/loans.ts'
import { inTransaction } from '../../store/connection/transaction.ts'
import { recordAudit } from '../../store/operators/audit.ts'
import { deployedShards } from '../../store/shard/deployment.ts'
import { CampaignError } from '../carrying/campaign-error.ts'
import { type Actor, checkVersion, type LifecycleContext, lockExisting, notFound } from '../carrying/context.ts'
import { type ArchiveWait, waitsForArchive } from './archive-waits.ts'

/** An archive that is asked for, and how far each shard has come. */
export interface Archiving {
  readonly campaign: CampaignRow
  readonly archive: ArchiveRow
  readonly parts: readonly ArchivePart[]
}

/** @throws CampaignError NOT_FOUND when there is no campaign, or none that somebody archives */
export async function findArchiving({ pool }: LifecycleContext, id: string): Promise<Archiving> {
  const campaign = await findCampaign(pool, id)
  const archive = campaign && (await findArchive(pool, id))
  if (campaign === undefined || archive === undefined) throw notFound(id)
  return { campaign, archive, parts: await archiveParts(pool, id) }
}

export interface ArchivePlan {
  readonly campaign: CampaignRow
  readonly waitsFor: readonly ArchiveWait[]
}

/** What the archive of a campaign waits for; nothing is done. @throws CampaignError NOT_FOUND, CONFLICT before its first publication */
export async function planArchive({ pool, now }: LifecycleContext, id: string): Promise<ArchivePlan> {
  const campaign = await findCampaign(pool, id)
  if (campaign === undefined) throw notFound(id)
  return { campaign, waitsFor: campaign.archived ? [] : await waitsForArchive(pool, id, now()) }
}

/**
 * Notes that a campaign is to be archived; the worker does it. Asked again it is the same archive, and a new one where that stopped.
 * @param sha256 of the file that the operator holds
 * @throws CampaignError NOT_FOUND; CONFLICT with what it waits for, or when another file was named before
 */
export async function archive(
  context: LifecycleContext,
  { id, sha256 }: { readonly id: string; readonly sha256: string },
  actor: Actor
): Promise<Archiving> {
  const { pool, now } = context
  const { operator, reason = '' } = actor
  await inTransaction(pool, async (client) => {
    const row = await lockExisting(client, id)
    checkVersion(row, actor)
    const known = await findArchive(client, id)
    if (known?.stopped === null) {
      if (known.sha256 === sha256) return
      throw new CampaignError('CONFLICT', `${id} is archived with the file ${known.sha256}; nothing was changed.`)
    }
    const waitsFor = await waitsForArchive(client, id, now())
    if (waitsFor.length > 0) {
      const what = waitsFor.map(({ means, left }) => `${means} (${left})`).join('; ')
      throw new CampaignError('CONFLICT', `${id} cannot be archived yet: ${what}.`, { waitsFor })
    }
    await askArchive(client, { campaign: id, sha256, reason, operator }, await deployedShards(client))
    const entry = { operator, action: 'campaign.archive', target: `campaign:${id}`, reason }
    await recordAudit(client, { ...entry, before: null, after: { archive: 'asked', sha256 } })
  })
  return findArchiving(context, id)
}

/**
 * Marks a campaign as archived once all shards have done their part.
 * @returns false when one has not, or it is marked
 */
export async function finishArchive(pool: Pool, id: string): Promise<boolean> {
  const asked = await findArchive(pool, id)
  if (asked === undefined || asked.doneAt !== null) return false
  return inTransaction(pool, async (client) => {
    await lockCampaign(client, id)
    if (!(await closeArchive(client, id))) return false
    await deleteLoans(client, id)
    await changeCampaign(client, id, { archived: true })
    await removeAttemptTimes(client, id)
    const { operator, reason, sha256 } = asked
    const entry = { operator, action: 'campaign.archived', target: `campaign:${id}`, reason }
    await recordAudit(client, { ...entry, before: { archived: false }, after: { archived: true, sha256 } })
    return true
  })
}
