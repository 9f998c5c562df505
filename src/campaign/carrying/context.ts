import type { PoolClient } from 'pg'
import { usedBefore } from '../../base/used-before.ts'
import { type CampaignRow, lockCampaign } from '../../store/campaigns/campaigns.ts'
import type { IntentRow } from '../../store/campaigns/intents.ts'
import type { Queryable } from '../../store/connection/transaction.ts'
import { type Checked, checkDefinition } from '../definition/check.ts'
import type { Rules } from '../definition/rules.ts'
import type { DefinitionError } from '../parts/explain.ts'
import { explain } from '../parts/explain.ts'
import { Id } from '../parts/shapes.ts'
import { CampaignError } from './campaign-error.ts'
import type { CampaignDeps } from './carry-out.ts'

/** What the steps of the lifecycle share. */
export interface LifecycleContext extends CampaignDeps {
  /** ms since 1970 */
  readonly now: () => number
  /** how long a change waits for the gate before it answers that it is still open */
  readonly carryMs: number
}

/** Who asks, why, and under which conditions. */
export interface Actor {
  readonly operator: string
  readonly reason?: string | undefined
  /** the operator's Idempotency-Key and the hash of their request: a repeated request does not make the change twice */
  readonly key?: string | undefined
  readonly hash?: string | undefined
  /** when they used the key first: what it was used for before that is another request, which is known no more */
  readonly askedAt?: Date | undefined
  /** value of If-Match; the campaign's ETag must be among its values */
  readonly ifMatch?: string | undefined
  /** the version that the operator names, if any: a review is about the version that they read */
  readonly version?: number | undefined
  /** called in the transaction of a step of the review, with the campaign after it */
  readonly done?: ((client: Queryable, row: CampaignRow) => Promise<void>) | undefined
}

/** A change, and what the gate did; `intent` is absent if the gate had nothing to do. */
export interface Change {
  readonly campaign: CampaignRow
  readonly intent?: IntentRow
  /** of a publication, or of a change that needs more: what is valid but probably not meant */
  readonly warnings?: readonly DefinitionError[]
}

/** The refusal of a key that was used before. @param usedAt when, if it was for the same request, whose answer is not known any more */
export function keyReused(usedAt?: Date): CampaignError {
  const detail = usedAt ? usedBefore(usedAt) : 'This key was used for another request.'
  return new CampaignError('KEY_REUSED', detail)
}

/**
 * What was noted under the key of a request before the request took it is of another one, though it may ask for the same: an earlier version
 * forgot keys after a week. @throws CampaignError KEY_REUSED
 */
export function requireOwn({ askedAt }: Actor, notedAt: Date): void {
  if (askedAt !== undefined && notedAt < askedAt) throw keyReused(notedAt)
}

/** The ETag of a campaign; every change changes it. */
export function etagOf(row: Pick<CampaignRow, 'version' | 'revision'>): string {
  return `"${row.version}.${row.revision}"`
}

/** The rules in force; undefined before the first publication. */
export function rulesInForce(row: CampaignRow): Rules | undefined {
  return row.rules === null ? undefined : (row.rules as Rules)
}

/** @throws CampaignError CONFLICT before the first publication */
export function published(row: CampaignRow): Rules {
  const rules = rulesInForce(row)
  if (!rules) throw new CampaignError('CONFLICT', `${row.id} is not published yet; nothing was changed.`)
  return rules
}

/** The refusal of an operator's document, with all its errors. */
export function invalid(errors: readonly DefinitionError[]): CampaignError {
  return new CampaignError('VALIDATION', 'The document is not valid; nothing was changed.', { errors })
}

/** @throws CampaignError VERSION_MISMATCH when If-Match was sent and names another state than `now` */
export function requireMatch(
  { ifMatch }: Actor,
  what: string,
  now: { readonly etag: string; readonly version: number }
): void {
  if (ifMatch === undefined || ifMatch.trim() === '*') return
  const wanted = ifMatch.split(',').map((value) => value.trim().replace(/^W\//, ''))
  if (wanted.includes(now.etag)) return
  const { version } = now
  throw new CampaignError('VERSION_MISMATCH', `${what} is at ${now.etag} now; nothing was changed.`, { version })
}

/** @throws CampaignError VERSION_MISMATCH when If-Match was sent and names another state of the campaign */
export function checkVersion(row: CampaignRow, actor: Actor): void {
  requireMatch(actor, 'The campaign', { etag: etagOf(row), version: row.version })
}

/** @throws CampaignError CONFLICT with the newest version, when the operator names another than the one that was `step` last */
export function checkNamed(row: CampaignRow, { version }: Actor, step: 'saved' | 'submitted' | 'approved'): void {
  if (version === undefined || version === row.version) return
  const detail = `Version ${row.version} was saved last, so version ${version} is not the one that was ${step}; nothing was changed.`
  throw new CampaignError('CONFLICT', detail, { version: row.version })
}

/** @throws CampaignError VALIDATION with all errors */
export function checked(id: string, input: unknown): Extract<Checked, { ok: true }> {
  const result = checkDefinition(input)
  if (!result.ok) throw invalid(result.errors)
  if (result.definition.id !== id) {
    const [wrong] = explain(Id, id)
    const detail = wrong
      ? `of the address ${wrong.detail}`
      : `must be ${JSON.stringify(id)}, the campaign of the address`
    throw invalid([{ pointer: '/id', detail }])
  }
  return result
}

export function notFound(id: string): CampaignError {
  return new CampaignError('NOT_FOUND', `There is no campaign ${id}.`)
}

/** Locks a campaign that has at least one version. @throws CampaignError NOT_FOUND */
export async function lockExisting(client: PoolClient, id: string): Promise<CampaignRow> {
  const row = await lockCampaign(client, id)
  if (!row || row.version === 0) throw notFound(id)
  return row
}

export function stillPublishing(row: CampaignRow): CampaignError {
  return new CampaignError(
    'CONFLICT',
    `Version ${row.version} is being published; it goes on by itself, or at once when publication is asked for again.`
  )
}
