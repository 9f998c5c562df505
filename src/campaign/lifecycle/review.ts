import type { PoolClient } from 'pg'
import {
  authorsSince,
  type CampaignChange,
  type CampaignRow,
  changeCampaign,
  ensureCampaign,
  findCampaign,
  insertVersion,
  lockCampaign
} from '../../store/campaigns/campaigns.ts'
import { inTransaction } from '../../store/connection/transaction.ts'
import { recordAudit } from '../../store/operators/audit.ts'
import { CampaignError } from '../carrying/campaign-error.ts'
import {
  type Actor,
  checked,
  checkNamed,
  checkVersion,
  type LifecycleContext,
  lockExisting,
  notFound,
  rulesInForce,
  stillPublishing
} from '../carrying/context.ts'
import { planNext } from '../change/next-version.ts'
import type { Definition } from '../definition/document.ts'
import { type Warning, warningsOf } from '../definition/warnings.ts'
import type { DefinitionError } from '../parts/explain.ts'
import { readCodeWarnings } from './code-warnings.ts'

/** The result of a dry run: the sessions of the definition, warnings, and the errors that would stop its publication over the rules in force. */
export interface DryRun {
  readonly sessions: number
  readonly warnings: readonly Warning[]
  readonly conflicts: readonly DefinitionError[]
}

/** Checks a definition without saving it. @throws CampaignError VALIDATION with all errors */
export async function dryRun(context: LifecycleContext, id: string, input: unknown): Promise<DryRun> {
  const { rules } = checked(id, input)
  const row = await findCampaign(context.pool, id)
  const inForce = row && rulesInForce(row)
  const plan = inForce ? planNext(inForce, rules, row.version + 1) : undefined
  const sessions = rules.activities.reduce((sum, sale) => sum + sale.sessions.length, 0)
  const warnings = [...warningsOf(rules, context.now()), ...(await readCodeWarnings(context.pool, rules))]
  return { sessions, warnings, conflicts: plan && 'errors' in plan ? plan.errors : [] }
}

async function record(
  client: PoolClient,
  step: { row: CampaignRow; change: CampaignChange; action: string; actor: Actor }
): Promise<CampaignRow> {
  const { row, change, action, actor } = step
  const after = await changeCampaign(client, row.id, change)
  const auditedState = ({ version, review }: CampaignRow) => ({ version, review })
  await recordAudit(client, {
    operator: actor.operator,
    action,
    target: `campaign:${row.id}`,
    reason: actor.reason,
    before: auditedState(row),
    after: auditedState(after)
  })
  await actor.done?.(client, after)
  return after
}

/** A definition to be saved, and for which campaign. */
export interface Draft {
  readonly id: string
  readonly input: unknown
}

/**
 * Saves a definition as the next version, a draft.
 * @param draft.complete the same with the lists of the calendar that it names: what is checked, and not what is saved
 * @throws CampaignError VALIDATION, CONFLICT, VERSION_MISMATCH
 */
export async function save(
  context: LifecycleContext,
  draft: Draft & { readonly complete: unknown },
  actor: Actor
): Promise<CampaignRow> {
  const { id } = draft
  checked(id, draft.complete)
  const definition = draft.input as Definition
  return inTransaction(context.pool, async (client) => {
    await ensureCampaign(client, id, actor.operator)
    const row = await lockCampaign(client, id)
    if (!row) throw notFound(id)
    checkVersion(row, actor)
    if (row.review === 'publishing') throw stillPublishing(row)
    if (row.settled) throw new CampaignError('CONFLICT', `${id} is settled.`)
    const version = row.version + 1
    await insertVersion(client, { campaign: id, version, definition, author: actor.operator })
    const change = { version, review: 'draft', author: actor.operator, submittedBy: null, approvedBy: null } as const
    return record(client, { row, change, action: 'campaign.saved', actor })
  })
}

/** Submits the newest version for review. @throws CampaignError CONFLICT if it was submitted before */
export async function submit(context: LifecycleContext, id: string, actor: Actor): Promise<CampaignRow> {
  return inTransaction(context.pool, async (client) => {
    const row = await lockExisting(client, id)
    checkNamed(row, actor, 'saved')
    if (row.review === 'submitted') return row
    checkVersion(row, actor)
    if (row.review !== 'draft') throw new CampaignError('CONFLICT', `Version ${row.version} is ${row.review} already.`)
    const change = { review: 'submitted', submittedBy: actor.operator } as const
    return record(client, { row, change, action: 'campaign.submitted', actor })
  })
}

/**
 * Operators cannot approve a version that they wrote, even after somebody else changed a letter: the author of every version
 * after the last approved one is refused. @throws CampaignError CONFLICT
 */
async function checkReviewer(client: PoolClient, row: CampaignRow, { operator }: Actor): Promise<void> {
  const authors = await authorsSince(client, row.id, row.approvedVersion ?? 0)
  const own = authors.find(({ author }) => author === operator)
  if (own === undefined) return
  throw new CampaignError('CONFLICT', `${operator} wrote version ${own.version}; another operator approves it.`)
}

/** Approves the newest version. @throws CampaignError CONFLICT */
export async function approve(context: LifecycleContext, id: string, actor: Actor): Promise<CampaignRow> {
  return inTransaction(context.pool, async (client) => {
    const row = await lockExisting(client, id)
    const { version, review } = row
    checkNamed(row, actor, 'submitted')
    if (review === 'approved') return row
    await checkReviewer(client, row, actor)
    checkVersion(row, actor)
    if (review !== 'submitted') {
      throw new CampaignError('CONFLICT', `Version ${version} is ${review}; only a submitted one is approved.`)
    }
    const change = { review: 'approved', approvedBy: actor.operator, approvedVersion: version } as const
    return record(client, { row, change, action: 'campaign.approved', actor })
  })
}

/** Makes a submitted or approved version a draft again. @throws CampaignError CONFLICT */
export async function reject(context: LifecycleContext, id: string, actor: Actor): Promise<CampaignRow> {
  return inTransaction(context.pool, async (client) => {
    const row = await lockExisting(client, id)
    const { version, review, publishedVersion: approvedVersion } = row
    checkNamed(row, actor, 'submitted')
    checkVersion(row, actor)
    if (review !== 'submitted' && review !== 'approved') {
      throw new CampaignError(
        'CONFLICT',
        `Version ${version} is ${review}; only a submitted or approved one is rejected.`
      )
    }
    const change = { review: 'draft', submittedBy: null, approvedBy: null, approvedVersion } as const
    return record(client, { row, change, action: 'campaign.rejected', actor })
  })
}
