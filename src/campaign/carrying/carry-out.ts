import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool, PoolClient } from 'pg'
import { failPoint } from '../../config/fail-points.ts'
import { type AdjustCommand, SYSTEM_USER } from '../../gate/batch/commands.ts'
import type { Outcome } from '../../gate/batch/outcomes.ts'
import type { Decider, HashReader, Lending, Shards } from '../../gate/gate.ts'
import { lookAtAll } from '../../gate/shard/look-at-all.ts'
import { StepGate } from '../../gate/step-gate.ts'
import { replayField } from '../../record/replay.ts'
import { decodeAdjustment } from '../../record/reports/adjustment.ts'
import { changeCampaign, lockCampaign } from '../../store/campaigns/campaigns.ts'
import {
  closeIntent,
  findIntent,
  type IntentPart,
  type IntentRow,
  noteParts,
  openIntents,
  openIntentsOfUsers,
  projectedAdjustment,
  withCarrier
} from '../../store/campaigns/intents.ts'
import { areLent } from '../../store/campaigns/loans.ts'
import { transaction } from '../../store/connection/transaction.ts'
import { recordAudit } from '../../store/operators/audit.ts'
import { type Rules, withActivity } from '../definition/rules.ts'
import { withStockChanged } from '../definition/stock.ts'
import { stockKey } from '../parts/fields.ts'
import { shortEntry } from './applied.ts'
import { isOneByOne, partOf, type Writes, whole } from './split.ts'

/** What the lifecycle works with. */
export interface CampaignDeps {
  readonly pool: Pool
  readonly gate: Decider & HashReader & Pick<Lending, 'look'> & Pick<Shards, 'numbers'>
  /** ms since 1970 */
  readonly now?: () => number
}

/** What one shard is asked for. */
interface Asked {
  readonly intent: IntentRow
  /** absent for an intent about a user, whose shard the router knows */
  readonly shard?: number
  readonly writes: Writes
  /** the opening that it is meant for; absent: any */
  readonly opening?: number
}

function commandOf({ intent, shard, writes, opening }: Asked): AdjustCommand {
  return {
    op: 'adjust',
    user: intent.user,
    key: replayField.intent(intent.id),
    hash: `i${intent.id}`,
    campaign: intent.campaign,
    activity: intent.activity,
    type: intent.type,
    puts: writes.puts,
    adds: writes.adds,
    request: intent.request,
    ...(shard !== undefined && { shard }),
    ...(opening !== undefined && { opening })
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

async function close(client: PoolClient, intent: IntentRow, result: IntentPart): Promise<void> {
  const short =
    'applied' in result && intent.adds.some(([, , delta], index) => (result.applied[index] ?? delta) !== delta)
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

/** What shards did for old intents already; undefined if the gate has to be asked. One by one: there is one connection. */
async function carriedBefore(
  deps: Pick<CampaignDeps, 'now'>,
  client: PoolClient,
  asked: readonly Asked[]
): Promise<Array<IntentPart | undefined>> {
  const found: Array<IntentPart | undefined> = []
  for (const { intent, shard } of asked) {
    const { user, id, createdAt } = intent
    const isOld = (deps.now ?? Date.now)() - createdAt.getTime() > OLD_MS
    const known = isOld ? await projectedAdjustment(client, { user, key: replayField.intent(id), shard }) : undefined
    found.push(known && { decision: known.decision, applied: decodeAdjustment(known.report)?.applied ?? [] })
  }
  return found
}

/** What an outcome says that a shard did; undefined leaves it open for a later attempt under the same key. */
function partFrom({ writes }: Asked, outcome: Outcome): IntentPart | undefined {
  switch (outcome.kind) {
    case 'confirmed': {
      const { id, applied } = outcome.decision
      return { decision: id, applied: applied ?? writes.adds.map(([, , delta]) => delta) }
    }
    case 'refused':
      return { refusal: outcome.code }
    case 'pending':
    case 'unavailable':
    case 'unknown':
      return undefined
    default:
      return outcome satisfies never
  }
}

/** Asks the gate for all of them at the same time. */
async function ask(
  deps: Pick<CampaignDeps, 'now'> & { readonly gate: Decider },
  client: PoolClient,
  asked: readonly Asked[]
): Promise<Array<IntentPart | undefined>> {
  const known = await carriedBefore(deps, client, asked)
  if (failPoint) await failPoint('X4')
  const parts = await Promise.all(
    asked.map(async (one, index) => known[index] ?? partFrom(one, await deps.gate.submit(commandOf(one))))
  )
  if (failPoint) await failPoint('X5')
  return parts
}

/** Changes that stop a sale, or let it go on: they rest on no stock. */
const FLAGS = ['campaign.paused', 'campaign.resumed']

/**
 * A pause does not wait behind stock that is taken away, which waits for every shard and for units on their way: one closed shard would keep all the
 * others selling. Flags stay in their order.
 */
function overtaking(open: readonly IntentRow[]): IntentRow | undefined {
  const [first] = open
  return first !== undefined && isOneByOne(first) ? open.find(({ type }) => FLAGS.includes(type)) : undefined
}

/**
 * For each shard that answers its part of the oldest intent that it has not carried out: so each shard decides them in order of id, and
 * one that is closed delays no other one. Where something is removed, the shards before have to have answered.
 */
function nextParts(own: readonly IntentRow[], shards: readonly number[], away: ReadonlySet<number>): Asked[] {
  return shards.flatMap((shard) => {
    const open = own.filter(({ parts }) => parts[shard] === undefined)
    const intent = overtaking(open) ?? open[0]
    if (intent === undefined || away.has(shard)) return []
    const before = shards.slice(0, shard).map((other) => intent.parts[other])
    const known = before.filter((part) => part !== undefined)
    if (isOneByOne(intent) && known.length < before.length) return []
    return [{ intent, shard, writes: partOf(intent, { shard, count: shards.length }, known) }]
  })
}

/**
 * Without those that take stock away of which units are on their way between shards, and would be missed: while they wait no loan of it is
 * begun. Openings first, loans then: what was decided before an opening is stored before it.
 */
async function withoutLent({ gate }: CampaignDeps, client: PoolClient, asked: readonly Asked[]): Promise<Asked[]> {
  const taking = asked.filter(({ intent }) => isOneByOne(intent))
  if (gate.numbers.length === 1 || taking.length === 0) return [...asked]
  const looks = await lookAtAll(gate)
  const free: Asked[] = []
  for (const one of asked) {
    const { campaign, adds } = one.intent
    const opening = looks.get(one.shard ?? 0)?.opening
    const taken = adds.flatMap(([key, field, delta]) => (delta < 0 ? [{ key, field }] : []))
    if (!taking.includes(one)) free.push(one)
    else if (opening !== undefined && looks.size === gate.numbers.length && !(await areLent(client, campaign, taken)))
      free.push({ ...one, opening })
  }
  return free
}

/** Notes what shards did, and closes each intent that all of them have carried out. @returns how many were closed */
async function note(
  client: PoolClient,
  shards: readonly number[],
  done: ReadonlyArray<Asked & { readonly part: IntentPart }>
) {
  let closed = 0
  for (const intent of new Set(done.map((one) => one.intent))) {
    const own = done.filter((one) => one.intent === intent)
    const parts = { ...intent.parts, ...Object.fromEntries(own.map(({ shard = 0, part }) => [shard, part])) }
    const wanted = own.some(({ shard }) => shard === undefined) ? [0] : shards
    const all = wanted.flatMap((shard) => parts[shard] ?? [])
    if (all.length < wanted.length) await noteParts(client, intent.id, parts)
    else {
      await close(client, intent, whole(all))
      closed += 1
    }
  }
  return closed
}

/** After this many intents that could not be carried out, and none that could, the gate is considered to be away. */
const MAX_BLOCKED = 3
/** Intents about users that are sent together, so that thousands of grants take seconds. */
const AT_ONCE = 100
/** How far a shard may be ahead of another one in the intents of a campaign. */
const AHEAD = 20
/** The longest time for one campaign's intents in one call, because other campaigns wait. */
const TURN_MS = 2000

/**
 * Carries out the open intents of a campaign, each once: one carrier at a time, in each shard the campaign's own intents in order of
 * id, and the next only after the one before is journaled, settled and noted. The carrier notes and closes over the connection
 * that holds its lock: if it loses the lock it closes nothing, and the intent's key makes the second attempt the same
 * decision. Intents about users run apart from the campaign's own: neither a user whose data cannot be read nor
 * thousands of grants may delay a pause.
 * @returns how many were closed; undefined when another process carries them out at this moment
 * @throws what Postgres throws
 */
export async function carryOut(deps: CampaignDeps, campaign: string): Promise<number | undefined> {
  const until = performance.now() + TURN_MS
  const shards = deps.gate.numbers
  const steps = new StepGate(deps.gate, deps.now)
  return withCarrier(deps.pool, campaign, async (client) => {
    const away = new Set<number>()
    const without: string[] = []
    const listed = async () => {
      const next = nextParts(await openIntents(client, campaign, { owner: SYSTEM_USER, most: AHEAD }), shards, away)
      const own = await withoutLent(deps, client, next)
      for (const one of next) if (!own.some(({ shard }) => shard === one.shard)) away.add(one.shard ?? 0)
      if (own.length > 0) return own
      const wanted = { owner: SYSTEM_USER, without, most: AT_ONCE }
      return (await openIntentsOfUsers(client, campaign, wanted)).map(ofUser)
    }
    const step = async () => {
      const asked = await listed()
      const isOver = asked.length === 0 || performance.now() > until
      return isOver ? undefined : { asked, parts: await ask({ ...deps, gate: steps }, client, asked) }
    }
    for (let closed = 0; ; ) {
      const answered = await steps.step(step)
      if (answered === undefined) return closed
      const { asked, parts } = answered
      const done = asked.flatMap((one, index) => {
        const part = parts[index]
        if (part !== undefined) return [{ ...one, part }]
        if (one.shard === undefined) without.push(one.intent.user)
        else away.add(one.shard)
        return []
      })
      closed += await note(client, shards, done)
      if (done.length === 0 && away.size + without.length >= MAX_BLOCKED) return closed
    }
  })
}

const ofUser = (intent: IntentRow): Asked => ({ intent, writes: intent })

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
