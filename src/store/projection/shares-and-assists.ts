import type { Client } from 'pg'
import { type CopyValue, copyRows } from '../connection/copy.ts'
import { issuedUser } from '../connection/user-name.ts'
import type { AssistRow, Projection, ShareRow } from './rows.ts'

const shareColumns = `shares (shard, share_id, campaign_id, activity_id, user_id, channel, subject_type, subject_id, key, hash,
  epoch, sequence, created_at)`

function shareValues(shard: number, row: ShareRow): CopyValue[] {
  const { share_id, campaign_id, activity_id, user_id, channel, subject_type, subject_id, key, hash } = row
  const names = [shard, share_id, campaign_id, activity_id, issuedUser(user_id), channel, subject_type, subject_id]
  return [...names, key, hash, row.epoch, row.sequence, row.created_at]
}

const assistColumns = `assists (shard, assist_id, campaign_id, activity_id, share_id, sharer_id, user_id, epoch, sequence,
  given_at)`

function assistValues(shard: number, row: AssistRow): CopyValue[] {
  const { assist_id, campaign_id, activity_id, share_id, sharer_id, user_id } = row
  const names = [shard, assist_id, campaign_id, activity_id, share_id, issuedUser(sharer_id), issuedUser(user_id)]
  return [...names, row.epoch, row.sequence, row.given_at]
}

/** Stores shares and assists; without any it sends no statement. */
export async function storeSharesAndAssists(session: Client, shard: number, projection: Projection): Promise<void> {
  const { shares, assists } = projection
  await copyRows(
    session,
    shareColumns,
    shares.map((row) => shareValues(shard, row))
  )
  await copyRows(
    session,
    assistColumns,
    assists.map((row) => assistValues(shard, row))
  )
}
