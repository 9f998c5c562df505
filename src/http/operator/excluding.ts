import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool } from 'pg'
import { fromStore } from '../../base/deadline.ts'
import { type Excluded, revokingOf } from '../../campaign/actions/exclusion.ts'
import { planDisqualification } from '../../campaign/actions/plan-disqualification.ts'
import { CampaignError } from '../../campaign/carrying/campaign-error.ts'
import { type Campaigns, rulesInForce } from '../../campaign/lifecycle/lifecycle.ts'
import type { UserReader } from '../../gate/gate.ts'
import { progressOf } from '../../store/campaigns/job-items.ts'
import { jobOfIntent } from '../../store/campaigns/jobs.ts'
import { issuedUser } from '../../store/connection/user-name.ts'
import { jobName } from './jobs.ts'
import { asProblem } from './views/campaign-answers.ts'

const LOOK_MS = 100
/** As long as an answer waits for any change. */
const CARRY_MS = 3000

interface ExcludingParts {
  readonly campaigns: Campaigns
  readonly pool: Pool
  readonly reader: Pick<UserReader, 'fieldsOf'>
  readonly carryMs: number | undefined
}

/** What the exclusion of a user revokes: beforehand, and how far it has come. */
export function createExcluding({ campaigns, pool, reader, carryMs = CARRY_MS }: ExcludingParts) {
  return {
    /** What would go. @throws ProblemError NOT_FOUND, CONFLICT; UnavailableError */
    async plan(excluded: Excluded) {
      const row = await asProblem(campaigns.get(excluded.campaign))
      const rules = rulesInForce(row)
      if (rules === undefined) {
        throw await asProblem(Promise.reject(new CampaignError('CONFLICT', `${row.id} is not published yet.`)))
      }
      const plan = await planDisqualification({ pool, reader }, rules, revokingOf(row, excluded))
      const { user, campaign } = excluded
      return { dryRun: true, user: issuedUser(user), campaign, ...plan, canBeTakenBack: false }
    },

    /** Waits until all is revoked, or some seconds; undefined where nothing is to be revoked. */
    async awaitJob(intent: number) {
      const until = performance.now() + carryMs
      for (;;) {
        const job = await fromStore(jobOfIntent(pool, intent))
        if (job === undefined) return undefined
        const isDone = job.state === 'done'
        if (!isDone && performance.now() < until) {
          await sleep(LOOK_MS)
          continue
        }
        const { wins, failures, left } = await fromStore(progressOf(pool, job.id))
        const view = {
          job: jobName(job),
          ...(job.kind === 'disqualification' && job.asked.wins && { revokedWins: wins }),
          ...(failures.length > 0 && { failed: failures }),
          ...(!isDone && { left })
        }
        return { isDone, view }
      }
    }
  }
}

export type Excluding = ReturnType<typeof createExcluding>
