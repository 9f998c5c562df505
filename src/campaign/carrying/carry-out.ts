import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool, PoolClient } from 'pg'
import { failPoint } from '../../config/fail-points.ts'
import { type AdjustCommand, SYSTEM_USER } from '../../gate/batch/commands.ts'
import type { Outcome } from '../../gate/batch/outcomes.ts'
import type { Decider, HashReader } from '../../gate/gate.ts'
import { replayField } from '../../record/replay.ts'
import { decodeAdjustment } from '../../record/reports/adjustment.ts'
import { changeCampaign, lockCampaign } from '../../store/campaigns/campaigns.ts'
import {
  closeIntent,
  findIntent,
  type IntentRow,
  nextOpenIntents,
  projectedAdjustment,
  withCarrier
} from '../../store/campaigns/intents.ts'
import { transaction } from '../../store/connection/transaction.ts'
import { recordAudit } from '../../store/operators/audit.ts'
import { type Rules, withActivity } from '../definition/rules.ts'
import { withStockChanged } from '../definition/stock.ts'
import { stockKey } from '../parts/fields.ts'
import { shortEntry } from './applied.ts'

/** What the lifecycle works with. */
export interface CampaignDeps {
  readonly pool: Pool
  readonly gate: Decider & HashReader
  /** ms since 1970 */
  readonly now?: () => number
}

function commandOf(intent: IntentRow): AdjustCommand {
  return {
    op: 'adjust',
    user: intent.user,
    key: replayField.intent(intent.id),
    hash: `i${intent.id}`,
    campaign: intent.campaign,
    activity: intent.activity,
    type: intent.type,
    puts: intent.puts,
    adds: intent.adds,
    request: intent.request
  }
}

/** The rules, with the stock of sessions and prizes corrected by what the gate really took. */
function withTaken(rules: Rules, intent: IntentRow, applied: readonly number[]): Rules {
  let corrected = rules
  for (const activity of rules.activities) {
    const missing = new Map<string, number>()
    for (const [index, [key, field, delta]] of intent.adds.entries()) {
      const short = (applied[index] ?? delta) - delta
      if (short !== 0 && key === stockKey(rules.id, activity.id)) missing.set(field.replace(/:remaining$/, ''), short)
    }
    if (missing.size > 0) corrected = withActivity(corrected, withStockChanged(activity, missing))
  }
  return corrected
}

/** The result of an intent. */
interface Carried {
  readonly decision: string
  readonly applied: readonly number[]
}

async function close(client: PoolClient, intent: IntentRow, result: Carried) {
  const short = intent.adds.some(([, , delta], index) => (result.applied[index] ?? delta) !== delta)
  if (!short) {
    await closeIntent(client, intent.id, result)
    return
  }
  await transaction(client, async () => {
    const row = await lockCampaign(client, intent.campaign)
    await closeIntent(client, intent.id, result)
    await recordAudit(client, shortEntry(intent, result, row?.rules as Rules | undefined))
    if (!row?.rules) return
    // a version that is being published was planned with the figures that were asked for
    const publishing = row.publishing as { rules: Rules } | null
    await changeCampaign(client, row.id, {
      rules: withTaken(row.rules as Rules, intent, result.applied),
      publishing: publishing && { ...publishing, rules: withTaken(publishing.rules, intent, result.applied) }
    })
  })
}

/** Replays leave Redis some time after their decision (KEY_RETENTION), so the keys of intents older than this are looked up in Postgres first. */
const OLD_MS = 3_600_000

/** The results that old intents have already; undefined if the gate has to be asked. One by one: there is one connection. */
async function carriedBefore(
  deps: CampaignDeps,
  client: PoolClient,
  intents: readonly IntentRow[]
): Promise<Array<Carried | undefined>> {
  const found: Array<Carried | undefined> = []
  for (const { user, id, createdAt } of intents) {
    const isOld = (deps.now ?? Date.now)() - createdAt.getTime() > OLD_MS
    const known = isOld ? await projectedAdjustment(client, user, replayField.intent(id)) : undefined
    found.push(known && { decision: known.decision, applied: decodeAdjustment(known.report)?.applied ?? [] })
  }
  return found
}

/** @returns whether the intent is closed now; false leaves it open for a later attempt under the same key */
async function settle(client: PoolClient, intent: IntentRow, outcome: Outcome | Carried): Promise<boolean> {
  if (!('kind' in outcome)) {
    await close(client, intent, outcome)
    return true
  }
  switch (outcome.kind) {
    case 'confirmed': {
      const applied = outcome.decision.applied ?? intent.adds.map(([, , delta]) => delta)
      await close(client, intent, { decision: outcome.decision.id, applied })
      return true
    }
    case 'refused':
      await closeIntent(client, intent.id, { refusal: outcome.code })
      return true
    case 'pending':
    case 'unavailable':
    case 'unknown':
      return false
    default:
      return outcome satisfies never
  }
}

/** After this many intents that could not be carried out, the gate is considered to be away. */
const MAX_BLOCKED = 3
/** Intents about users that are sent together, so that thousands of grants take seconds. */
const AT_ONCE = 100
/** The longest time for one campaign's intents in one call, because other campaigns wait. */
const TURN_MS = 2000

/**
 * Carries out the open intents of a campaign, each once: one carrier at a time, the campaign's own intents in order of id,
 * and the next only after the one before is journaled, settled and closed. The carrier closes intents over the connection
 * that holds its lock: if it loses the lock it closes nothing, and the intent's key makes the second attempt the same
 * decision. Intents about users run apart from the campaign's own: neither a user whose data cannot be read nor
 * thousands of grants may delay a pause.
 * @returns how many were closed; undefined when another process carries them out at this moment
 * @throws what Postgres throws
 */
export async function carryOut(deps: CampaignDeps, campaign: string): Promise<number | undefined> {
  const until = performance.now() + TURN_MS
  return withCarrier(deps.pool, campaign, async (client) => {
    const blocked: string[] = []
    for (let closed = 0; ; ) {
      const wanted = { owner: SYSTEM_USER, without: blocked, most: AT_ONCE }
      const intents = await nextOpenIntents(client, campaign, wanted)
      if (intents.length === 0 || blocked.length >= MAX_BLOCKED || performance.now() > until) return closed
      const known = await carriedBefore(deps, client, intents)
      if (failPoint) await failPoint('X4')
      const outcomes = await Promise.all(
        intents.map((intent, index) => known[index] ?? deps.gate.submit(commandOf(intent)))
      )
      if (failPoint) await failPoint('X5')
      for (const [index, intent] of intents.entries()) {
        const outcome = outcomes[index]
        if (outcome && (await settle(client, intent, outcome))) closed += 1
        else blocked.push(intent.user)
      }
    }
  })
}

const PAUSE_MS = 40

/**
 * Carries out the intents of a campaign until this one is closed or the deadline has passed.
 * @returns the intent afterwards: `open` means that the worker goes on with it
 */
export async function awaitIntent(deps: CampaignDeps, id: number, deadlineMs: number): Promise<IntentRow> {
  const until = Date.now() + deadlineMs
  for (;;) {
    const before = await findIntent(deps.pool, id)
    if (!before) throw new Error(`Intent ${id} is gone`)
    if (before.state !== 'open') return before
    await carryOut(deps, before.campaign)
    const after = await findIntent(deps.pool, id)
    if (after && after.state !== 'open') return after
    if (Date.now() + PAUSE_MS > until) return before
    await sleep(PAUSE_MS)
  }
}
