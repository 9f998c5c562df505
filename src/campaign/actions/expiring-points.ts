import type { Pool } from 'pg'
import { momentOf } from '../../base/moment.ts'
import type { ExpireCommand } from '../../gate/batch/commands.ts'
import { userField } from '../../record/fields.ts'
import { replayField } from '../../record/replay.ts'
import { countNotDone, type Expiring, insertJob, type Job, keysOfJobs } from '../../store/campaigns/jobs.ts'
import type { Queryable } from '../../store/connection/transaction.ts'
import { movementsOfAccount } from '../../store/reading/ledger.ts'
import type { Rules } from '../definition/rules.ts'
import { leftOf, newestUpTo } from './points-left.ts'

/** Who asks for it: the definition does, and its moment has come. */
const OPERATOR = '$system'
const REASON = 'the moment has come that the definition names'

const keyOf = (campaign: string, { unit, at }: Expiring): string => `expiry:${campaign}:${unit}:${at}`

/** What expires of what a campaign gives, and when. */
export function expiriesOf({ units }: Pick<Rules, 'units'>): Expiring[] {
  return Object.entries(units).flatMap(([unit, { expiresAt }]) => {
    const at = expiresAt === undefined ? undefined : momentOf(expiresAt)
    return at === undefined ? [] : [{ unit, at }]
  })
}

/** Has what expires taken, once, however often this is asked for. @returns how much of it nobody had begun before */
export async function beginExpiries(
  db: Queryable,
  due: ReadonlyArray<{ readonly campaign: string; readonly asked: Expiring }>
): Promise<number> {
  const keyed = due.map((one) => ({ ...one, key: keyOf(one.campaign, one.asked) }))
  const keys = keyed.map(({ key }) => key)
  const begun = await keysOfJobs(db, OPERATOR, keys)
  const left = keyed.filter(({ key }) => !begun.has(key))
  for (const one of left) await insertJob(db, { ...one, kind: 'expiry', operator: OPERATOR, reason: REASON })
  return left.length
}

/** How much of what a campaign gives is still to expire. */
export function openExpiries(db: Queryable, { id, ...rules }: Pick<Rules, 'id' | 'units'>): Promise<number> {
  const keys = expiriesOf(rules).map((asked) => keyOf(id, asked))
  return keys.length === 0 ? Promise.resolve(0) : countNotDone(db, OPERATOR, keys)
}

/** The command that takes what has expired of a user's; undefined where nothing is left. */
export async function expiryOf(
  pool: Pool,
  { id, campaign, asked }: Job & { readonly kind: 'expiry' },
  user: string
): Promise<ExpireCommand | undefined> {
  const { unit, at } = asked
  const { opening, newest, movements } = await movementsOfAccount(pool, user, unit)
  const amount = leftOf(movements, campaign, at)
  if (amount === 0) return undefined
  return {
    op: 'expire',
    user,
    key: replayField.job(id, user),
    hash: keyOf(campaign, asked),
    campaign,
    activity: '',
    opening,
    newest,
    field: userField.balance(unit, ''),
    amount,
    upTo: newestUpTo(movements, campaign, at),
    expiredField: userField.expired(campaign, unit),
    request: JSON.stringify({ unit, amount: -amount })
  }
}
