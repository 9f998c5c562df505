import { type CampaignRow, findCampaign, type Notice } from '../../store/campaigns/campaigns.ts'
import type { CountedOrders } from '../../store/reading/affected-orders.ts'
import { type Affected, askCancellation, planCancellation } from '../actions/affected-orders.ts'
import { type Excluded, planExclusion, planStanding } from '../actions/exclusion.ts'
import { type Grant, type GrantResult, grantMany, planGrant } from '../actions/grants.ts'
import { loadPool, type PoolLoad, type PoolResult, requirePool } from '../actions/pools.ts'
import { type CampaignDeps, carryOut } from '../carrying/carry-out.ts'
import { type Actor, type Change, type LifecycleContext, notFound } from '../carrying/context.ts'
import { planPause, planResumption, setNotice } from '../change/notice.ts'
import { type ActivityPlace, patchOfActivity, patchOfCampaign } from '../change/patching.ts'
import { change, type Foreseen, foresee, planFlag } from '../change/plan.ts'
import { checkDefinition } from '../definition/check.ts'
import { checkApart } from '../definition/check-apart.ts'
import { type Warning, warningsOf } from '../definition/warnings.ts'
import { type ArchivePlan, type Archiving, archive, findArchiving, planArchive } from './archive.ts'
import { withCalendar } from './calendars.ts'
import { type OneOfAll, pauseAll, resumeAll } from './every-campaign.ts'
import { foreseenWarnings, withWarnings } from './late-warnings.ts'
import { publish } from './publish.ts'
import { approve, type Draft, type DryRun, dryRun, reject, save, submit } from './review.ts'
import { driveSettlements, planSettlement, type SettlementPlan, type Settling, settle } from './settlement.ts'

export { type Actor, type Change, etagOf, rulesInForce } from '../carrying/context.ts'

const CARRY_MS = 3000

/**
 * Campaigns from draft to settlement. Every change is one Postgres transaction that locks the campaign, checks, and
 * writes the intent, the audit entry and the new rules in force; then the gate carries it out. The worker later carries
 * out an intent that is still open in the answer, in order.
 *
 * All methods throw CampaignError where they refuse, and what Postgres throws.
 */
export class Campaigns {
  readonly #context: LifecycleContext

  /** @param options.carryMs how long a change waits for the gate before it answers that it is still open */
  constructor(deps: CampaignDeps, options: { carryMs?: number } = {}) {
    this.#context = { ...deps, now: deps.now ?? Date.now, carryMs: options.carryMs ?? CARRY_MS }
  }

  async get(id: string): Promise<CampaignRow> {
    const row = await findCampaign(this.#context.pool, id)
    if (!row || row.version === 0) throw notFound(id)
    return row
  }

  /** Checks a definition without saving it. */
  async dryRun(id: string, input: unknown): Promise<DryRun> {
    const complete = await this.#completed({ id, input })
    return dryRun(this.#context, id, complete)
  }

  /** The warnings of a definition; none for an invalid one. */
  async warnings(draft: Draft): Promise<Warning[]> {
    const checked = checkDefinition(await this.#completed(draft))
    return checked.ok ? warningsOf(checked.rules, this.#context.now()) : []
  }

  /** Saves a definition as the next version, a draft. */
  async save(draft: Draft, actor: Actor): Promise<CampaignRow> {
    const complete = await this.#completed(draft)
    return save(this.#context, { ...draft, complete }, actor)
  }

  /** The definition with the lists of the calendar that it names, checked apart where it is large. */
  async #completed(draft: Draft): Promise<unknown> {
    const complete = await withCalendar(this.#context.pool, draft)
    await checkApart(complete)
    return complete
  }

  /** Submits the newest version for review. */
  submit(id: string, actor: Actor): Promise<CampaignRow> {
    return submit(this.#context, id, actor)
  }

  /** Makes a submitted or approved version a draft again. */
  reject(id: string, actor: Actor): Promise<CampaignRow> {
    return reject(this.#context, id, actor)
  }

  /** Approves the newest version; refuses an operator who wrote any version since the last approved one. */
  approve(id: string, actor: Actor): Promise<CampaignRow> {
    return approve(this.#context, id, actor)
  }

  /** Publishes the newest version: preload, read back, compare, open. */
  publish(id: string, actor: Actor): Promise<Change> {
    return publish(this.#context, id, actor)
  }

  /** @param notice what visitors are told meanwhile; without one, what they are told already stays */
  pause(id: string, actor: Actor, notice?: Notice): Promise<Change> {
    return change(this.#context, { id, actor }, (row, client) =>
      planPause(client, row, { actor, notice, now: this.#context.now() })
    )
  }

  /** Goes on; visitors are told nothing more. */
  resume(id: string, actor: Actor): Promise<Change> {
    return change(this.#context, { id, actor }, (row) => planResumption(row, this.#context.now()))
  }

  /** Pauses every published campaign that is not over. */
  pauseAll(actor: Actor, notice?: Notice): Promise<OneOfAll[]> {
    return pauseAll(this.#context, actor, { notice })
  }

  /** Goes on with those that `pauseAll` paused. */
  resumeAll(actor: Actor): Promise<OneOfAll[]> {
    return resumeAll(this.#context, actor)
  }

  /** Tells visitors something, or nothing more; the gate has no part in it. */
  notify(id: string, actor: Actor, notice: Notice | null): Promise<Change> {
    return change(this.#context, { id, actor }, async (row, client) => {
      await setNotice(client, row, { actor, notice, now: this.#context.now() })
      return undefined
    })
  }

  /** Ends a campaign for good. */
  end(id: string, actor: Actor): Promise<Change> {
    return change(this.#context, { id, actor }, (row) => planFlag(row, 'campaign.ended', this.#context.now()))
  }

  /** Settles a campaign that has ended, as far as it can be done now; the worker carries on. */
  settle(id: string, actor: Actor): Promise<Settling> {
    return settle(this.#context, id, actor)
  }

  /** What a settlement would do and wait for. */
  planSettlement(id: string): Promise<SettlementPlan> {
    return planSettlement(this.#context, id)
  }

  /** Carries on with settlements that wait for something. */
  driveSettlements(): Promise<void> {
    return driveSettlements(this.#context)
  }

  /** Takes a final campaign out of Redis and of the tables of what is live; the worker does it. @param sha256 of the file that is held */
  archive(target: { readonly id: string; readonly sha256: string }, actor: Actor): Promise<Archiving> {
    return archive(this.#context, target, actor)
  }

  /** What an archive waits for. */
  planArchive(id: string): Promise<ArchivePlan> {
    return planArchive(this.#context, id)
  }

  /** How far the archive of a campaign has come. */
  archiving(id: string): Promise<Archiving> {
    return findArchiving(this.#context, id)
  }

  /** Adjusts an activity in force. @param input body of the PATCH, of any shape */
  async patchActivity(target: ActivityPlace, input: unknown, actor: Actor): Promise<Change> {
    const { why, plan, mayNeedMore } = patchOfActivity(this.#context, target, { input, actor })
    const done = await change(this.#context, { id: target.campaign, actor: why }, plan)
    return mayNeedMore ? withWarnings(this.#context.pool, done, target.activity) : done
  }

  /** What `patchActivity` would do. */
  async foreseeActivity(target: ActivityPlace, input: unknown, actor: Actor): Promise<Foreseen> {
    const { why, plan, mayNeedMore } = patchOfActivity(this.#context, target, { input, actor })
    const foreseen = await foresee(this.#context, { id: target.campaign, actor: why }, plan)
    return mayNeedMore ? foreseenWarnings(this.#context.pool, foreseen, target.activity) : foreseen
  }

  /** Adjusts the campaign in force. @param input body of the PATCH, of any shape */
  async patchCampaign(id: string, input: unknown, actor: Actor): Promise<Change> {
    const { why, plan, mayNeedMore } = patchOfCampaign(this.#context, { input, actor })
    const done = await change(this.#context, { id, actor: why }, plan)
    return mayNeedMore ? withWarnings(this.#context.pool, done) : done
  }

  /** What `patchCampaign` would do. */
  async foreseeCampaign(id: string, input: unknown, actor: Actor): Promise<Foreseen> {
    const { why, plan, mayNeedMore } = patchOfCampaign(this.#context, { input, actor })
    const foreseen = await foresee(this.#context, { id, actor: why }, plan)
    return mayNeedMore ? foreseenWarnings(this.#context.pool, foreseen) : foreseen
  }

  /** Disqualifies a user from all activities of a campaign, at once; the worker then revokes what is asked for. */
  disqualify(target: Excluded, actor: Actor): Promise<Change> {
    return change(this.#context, { id: target.campaign, actor }, (row) => planExclusion(row, target, actor))
  }

  /** What a cancellation of orders in bulk would do. */
  planCancellation(affected: Affected): Promise<CountedOrders> {
    return planCancellation(this.#context, affected)
  }

  /** Cancels orders in bulk; the worker does it. @returns the number of the job */
  cancelOrders(affected: Affected, actor: Actor): Promise<number> {
    return askCancellation(this.#context, affected, actor)
  }

  /** Ends a disqualification. Nothing that was revoked comes back. */
  requalify({ campaign: id, user }: { campaign: string; user: string }, actor: Actor): Promise<Change> {
    return change(this.#context, { id, actor }, () => planStanding(id, user, false))
  }

  /** Gives a user points, chances or an entitlement, within the campaign's cap for grants. */
  grant({ campaign: id, ...grant }: Grant & { campaign: string }, actor: Actor): Promise<Change> {
    return change(this.#context, { id, actor }, (row, client) => planGrant(client, row, grant))
  }

  /** What `grant` would do. */
  foreseeGrant({ campaign: id, ...grant }: Grant & { campaign: string }, actor: Actor): Promise<Foreseen> {
    return foresee(this.#context, { id, actor }, (row, client) => planGrant(client, row, grant))
  }

  /** Many grants, line by line, carried out afterwards. @param many.reject called for each line that is not accepted */
  async grantMany(many: Parameters<typeof grantMany>[1]): Promise<GrantResult> {
    const result = await grantMany(this.#context, many)
    await carryOut(this.#context, many.campaign)
    return result
  }

  /** @throws CampaignError NOT_FOUND for a pool that the campaign does not name */
  requirePool(named: Pick<PoolLoad, 'campaign' | 'pool'>): Promise<void> {
    return requirePool(this.#context, named)
  }

  /** Loads codes into a pool. */
  loadPool(load: PoolLoad): Promise<PoolResult> {
    return loadPool(this.#context, load)
  }
}
