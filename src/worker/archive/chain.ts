import type { Pool } from 'pg'
import { type RemoveCommand, SYSTEM_USER } from '../../gate/batch/commands.ts'
import { isOfCampaign } from '../../record/campaign-fields.ts'
import { LEAVING } from '../../record/decisions.ts'
import { userField } from '../../record/fields.ts'
import { bucketField, goneField, isUserKey, logical, SHARD_HASH } from '../../record/keys.ts'
import { replayField } from '../../record/replay.ts'
import { parseFields } from '../../recovery/open/fold-users.ts'
import { type ArchivePart, type ArchiveRow, commentsAmong } from '../../store/campaigns/archives.ts'
import { hashesLike, rowsNaming } from '../../store/projection/checkpoint-sums.ts'

/** Users of one decision, and fields and bytes of names in it: a frame has to fit into a message of NATS (1 MB by default). */
const USERS = 128
const FIELDS = 1000
const BYTES = 100_000
/** Rows of the checkpoint of one page, and pages of one look. */
const PAGE = 500
const PAGES = 10

const VISIBILITY = userField.visibility('')
/** before every user's hash in the order of the rows */
const BEFORE_USERS = logical.user('')

/** Up to where users were looked for: all of `walked`, or its fields up to one. */
type Walk = Pick<ArchivePart, 'walked' | 'walkedField'>

/** What one decision removes. */
interface Removed extends Walk {
  readonly removals: RemoveCommand['removals']
  /** whether no user is left */
  readonly isEnd: boolean
}

/** What a decision says of itself, so that whoever goes on knows where. */
export interface ChainRequest extends Walk {
  readonly users: number
  readonly isLast: boolean
}

interface Parts {
  readonly pool: Pool
  readonly shard: number
}

interface UserFields {
  readonly hash: string
  readonly fields: readonly string[]
}

/** The next page of users with something of a campaign, each with the names of what is of it, sorted. */
async function nextUsers(
  { pool, shard }: Parts,
  campaign: string,
  { walked, walkedField }: Walk
): Promise<{ readonly users: UserFields[]; readonly last: string | undefined }> {
  // what moderation said of a comment names no campaign
  const texts = [campaign, JSON.stringify(VISIBILITY).slice(0, -1)]
  const { rows, last } = await rowsNaming(pool, shard, { from: walked || BEFORE_USERS, most: PAGE, texts })
  const users = rows.filter(({ hash }) => isUserKey(hash) && (hash !== walked || walkedField !== ''))
  const read = users.map(({ hash, fields }) => ({ hash, fields: [...parseFields(fields)] }))
  const moderated = read.flatMap(({ fields }) =>
    fields.flatMap(([field]) => (field.startsWith(VISIBILITY) ? [field.slice(VISIBILITY.length)] : []))
  )
  const comments = await commentsAmong(pool, campaign, moderated)
  const found = read.flatMap(({ hash, fields }) => {
    const own = fields.filter((field) => isOfCampaign(field, { campaign, comments })).map(([field]) => field)
    const left = own.filter((field) => hash !== walked || field > walkedField).sort()
    return left.length === 0 ? [] : [{ hash, fields: left }]
  })
  const isBeyond = last === undefined || !isUserKey(last) || last === walked
  return { users: found, last: isBeyond ? undefined : last }
}

/** Gathers what the next decision removes; nothing where many pages of users have none of it. */
async function gather(parts: Parts, campaign: string, from: Walk): Promise<Removed> {
  const removals: Array<readonly [string, readonly string[]]> = []
  let room = { fields: FIELDS, bytes: BYTES }
  let walk = from
  for (let page = 0; page < PAGES; page += 1) {
    const { users, last } = await nextUsers(parts, campaign, walk)
    for (const { hash, fields } of users) {
      const fitting: string[] = []
      for (const field of fields) {
        if (room.fields === 0 || room.bytes < field.length) break
        room = { fields: room.fields - 1, bytes: room.bytes - field.length }
        fitting.push(field)
      }
      const lastFitting = fitting.at(-1)
      if (lastFitting === undefined) return { removals, ...walk, isEnd: false }
      removals.push([hash, fitting])
      if (fitting.length < fields.length) return { removals, walked: hash, walkedField: lastFitting, isEnd: false }
      walk = { walked: hash, walkedField: '' }
      if (removals.length === USERS) return { removals, ...walk, isEnd: false }
    }
    if (last === undefined) return { removals, ...walk, isEnd: true }
    walk = { walked: last, walkedField: '' }
  }
  return { removals, ...walk, isEnd: false }
}

function commandOf(
  { campaign, shard, next }: ArchivePart,
  { reason, operator }: ArchiveRow,
  parts: Pick<RemoveCommand, 'type' | 'puts' | 'removals'> & { readonly said: ChainRequest }
): RemoveCommand {
  const { said, ...rest } = parts
  const key = replayField.archive(campaign, next)
  const request = JSON.stringify({ by: operator, reason, ...said })
  return { op: 'remove', user: SYSTEM_USER, shard, key, hash: 'archive', campaign, activity: '', request, ...rest }
}

/**
 * The first decision of a chain: from then on nothing of the campaign is decided. What is missing of it is no fault, no adjustment
 * names it, and nobody takes part in it, in whose name ever.
 */
export function markCommand(part: ArchivePart, archive: ArchiveRow): RemoveCommand {
  const { campaign } = part
  const puts = [
    [SHARD_HASH, goneField(campaign), '1'],
    [logical.campaign(campaign), 'ready', '0']
  ] as const
  const said = { walked: '', walkedField: '', users: 0, isLast: false }
  return commandOf(part, archive, { type: LEAVING, puts, removals: [], said })
}

/**
 * The next decision of a chain: fields of users, and once no user is left all hashes of rules and stock.
 * @returns a place alone where many users were looked at and none has anything of the campaign
 */
export async function nextCommand(parts: Parts, part: ArchivePart, archive: ArchiveRow): Promise<RemoveCommand | Walk> {
  const { campaign } = part
  const { removals, walked, walkedField, isEnd } = await gather(parts, campaign, part)
  const said = { walked, walkedField, users: walkedField === '' ? removals.length : removals.length - 1 }
  if (removals.length > 0)
    return commandOf(part, archive, { type: LEAVING, puts: [], removals, said: { ...said, isLast: false } })
  if (!isEnd) return { walked, walkedField }
  const own = [logical.activity(campaign, ''), logical.stock(campaign, '')]
  const hashes = [logical.campaign(campaign), ...(await hashesLike(parts.pool, parts.shard, own))]
  const last = [...hashes.map((hash) => [hash, []] as const), [SHARD_HASH, [bucketField(campaign)]] as const]
  return commandOf(part, archive, {
    type: 'campaign.archived',
    puts: [],
    removals: last,
    said: { ...said, isLast: true }
  })
}
