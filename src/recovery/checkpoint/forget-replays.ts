import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { LAYOUT } from '../../gate/redis/base.ts'
import type { OpeningScripts } from '../../gate/redis/opening-scripts.ts'
import { type InRedis, readClock } from '../../gate/redis/outbox.ts'
import { readForgotten } from '../../gate/redis/state.ts'
import { logical } from '../../record/keys.ts'
import { closing } from '../../record/replay.ts'
import { inTransaction } from '../../store/connection/transaction.ts'
import { type Checkpoint, readCheckpoint, readCheckpointRows } from '../../store/projection/checkpoint.ts'
import {
  isBefore,
  moveForgotten,
  noteForgottenInRedis,
  type OldDecision,
  oldDecisions
} from '../../store/projection/forgetting.ts'
import { firstOpen } from '../../store/projection/open-rows.ts'
import { type DecisionPlace, readAlongIndexes } from '../../store/projection/restore.ts'
import { requestReopening } from '../../store/shard/shards.ts'
import { parseFields } from '../open/fold-users.ts'
import { forgetIn } from '../open/forget-in.ts'
import { fieldsText } from './fold-checkpoint.ts'

export interface ForgetParts extends InRedis {
  readonly pool: Pool
  readonly shard: number
  readonly scripts: Pick<OpeningScripts, 'forget'>
  /** told of a decision that holds the others up */
  readonly late: (decision: OldDecision) => void
}

interface Pace {
  /** older decisions are forgotten */
  readonly retentionMs: number
  /** after which no further page is begun */
  readonly budgetMs: number
  /** decisions at most */
  readonly most?: number
}

/** Decisions of one transaction, and those of one call of the script: 8 us each, so a call lasts half a millisecond. */
const PAGE = 500
const CALL = 50
const MOST = 2000
/** A row that is open for so long after the replay of its decision was to be forgotten holds the others up. */
const LATE_MS = 3_600_000

function byUser(decisions: readonly OldDecision[]): Map<string, OldDecision[]> {
  const users = new Map<string, OldDecision[]>()
  for (const decision of decisions) {
    const known = users.get(decision.user)
    if (known) known.push(decision)
    else users.set(decision.user, [decision])
  }
  return users
}

/** Leaves out a decision that somebody may ask for again, and all after it. */
async function closedOnes(
  { pool, late }: Pick<ForgetParts, 'pool' | 'late'>,
  page: readonly OldDecision[],
  lateBefore: number
): Promise<readonly OldDecision[]> {
  const closings = page.map(({ key }) => closing(key))
  const unknown = closings.indexOf(undefined)
  const works = page.map(({ user, campaign, activity }, index) => {
    const { work, name = '' } = closings[index] ?? {}
    return work && { work, user, campaign, activity, name }
  })
  const open = (await firstOpen(pool, works)) ?? page.length
  const held = Math.min(open, unknown < 0 ? page.length : unknown)
  const waiting = page[held]
  if (waiting && waiting.at_ms < lateBefore) late(waiting)
  return page.slice(0, held)
}

/** @returns whether the checkpoint forgets them now; false when another process has moved it */
async function forgetInCheckpoint(
  { pool, shard }: ForgetParts,
  checkpoint: Checkpoint,
  page: readonly OldDecision[]
): Promise<boolean> {
  const last = page.at(-1)
  if (last === undefined) return false
  const users = byUser(page)
  const known = await readCheckpointRows(pool, shard, [...users.keys()].map(logical.user))
  const rows = [...users].flatMap(([user, gone]) => {
    const text = known.get(logical.user(user))
    if (text === undefined) return []
    const fields = parseFields(text)
    forgetIn(fields, gone)
    return [{ hash: logical.user(user), fields: fieldsText(fields) }]
  })
  return inTransaction(pool, (client) => moveForgotten(client, shard, { from: checkpoint, to: last, rows }))
}

/** @returns whether Redis forgets them now; false when the shard was closed meanwhile */
async function forgetInRedis(
  { scripts }: ForgetParts,
  from: DecisionPlace,
  { page, to }: { readonly page: readonly OldDecision[]; readonly to: DecisionPlace }
): Promise<boolean> {
  let place = from
  for (let at = 0; at === 0 || at < page.length; at += CALL) {
    const some = page.slice(at, at + CALL)
    const next = at + CALL < page.length ? (some.at(-1) ?? to) : to
    if (!(await scripts.forget({ from: place, to: next }, byUser(some)))) return false
    place = next
  }
  return true
}

/**
 * The checkpoint forgets first. A worker that dies between the two leaves replays that Redis still answers for, and a key cannot be used
 * again while Redis has it; the next step goes on from Redis' own place. The other way round, a key that is used again at that
 * moment would be folded over a record that the checkpoint still counts.
 */
async function forgetPage(
  parts: ForgetParts,
  { retentionMs, most }: { readonly retentionMs: number; readonly most: number }
): Promise<number> {
  const { pool, shard, redis } = parts
  const read = (range: Parameters<typeof oldDecisions>[2]) =>
    readAlongIndexes(pool, (client) => oldDecisions(client, shard, range))
  // first: the checkpoint's place is moved before that of Redis
  const inRedis = await readForgotten(parts)
  const checkpoint = await readCheckpoint(pool, shard)
  if (checkpoint.layout !== LAYOUT) return 0
  const { forgotten, inRedis: noted } = checkpoint
  if (isBefore(inRedis, noted) || isBefore(noted, inRedis)) await noteForgottenInRedis(pool, shard, inRedis)
  if (isBefore(forgotten, inRedis)) {
    // a Postgres that was restored: what Redis counts rests on decisions that the checkpoint has not forgotten
    await requestReopening(pool, shard, { rebuild: true })
    return 0
  }
  if (isBefore(inRedis, forgotten)) {
    const page = await read({ after: inRedis, upTo: forgotten, most })
    const to = page.length < most ? forgotten : (page.at(-1) ?? forgotten)
    return (await forgetInRedis(parts, inRedis, { page, to })) ? page.length : 0
  }
  // by the clock of Redis, of which decisions have their time
  const before = (await readClock(redis)) - retentionMs
  const [oldest] = await read({ after: forgotten, upTo: checkpoint, most: 1 })
  if (oldest === undefined || oldest.at_ms >= before) return 0
  const old = await read({ after: forgotten, upTo: checkpoint, most })
  const young = old.findIndex(({ at_ms }) => at_ms >= before)
  const page = await closedOnes(parts, young < 0 ? old : old.slice(0, young), before - LATE_MS)
  const to = page.at(-1)
  if (to === undefined || !(await forgetInCheckpoint(parts, checkpoint, page))) return 0
  return (await forgetInRedis(parts, inRedis, { page, to })) ? page.length : 0
}

/** Forgets the replays of old decisions, oldest first, in the checkpoint and in Redis, as far as the checkpoint has come. */
export class Forgetter {
  readonly #parts: ForgetParts
  /** the decision that was told of last, so that each is told of once */
  #late = ''

  constructor({ logger, ...parts }: Omit<ForgetParts, 'late'> & { readonly logger: Logger }) {
    const late = ({ user, key, epoch, sequence }: OldDecision) => {
      const decision = `${parts.shard}-${epoch}-${sequence}`
      if (decision === this.#late) return
      this.#late = decision
      const said = 'the row of an old decision is not closed: no replay after it leaves Redis'
      logger.error({ alarm: 'FORGETTING_WAITS', user, key, decision }, said)
    }
    this.#parts = { ...parts, late }
  }

  /** Page by page for a bounded time. @returns how many decisions were passed */
  async step({ retentionMs, budgetMs, most = MOST }: Pace): Promise<number> {
    const end = performance.now() + budgetMs
    let passed = 0
    for (;;) {
      const page = await forgetPage(this.#parts, { retentionMs, most: Math.min(PAGE, most - passed) })
      passed += page
      if (page === 0 || passed >= most || performance.now() > end) return passed
    }
  }
}
