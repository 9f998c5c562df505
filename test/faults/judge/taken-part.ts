import { isDeepStrictEqual } from 'node:util'
import type pg from 'pg'
import { exportJournal } from '../../../src/export/journal.ts'
import { readSeeds } from '../../../src/store/campaigns/draws.ts'
import { verifyDraw } from '../../../src/verify/draw-verifier.ts'
import { Books } from '../../support/judging/books.ts'
import type { Difference } from '../../support/judging/promise.ts'
import { isTakenPart } from '../../support/load/answers.ts'
import { type History, requestId } from '../../support/load/history.ts'
import type { World } from '../world/world.ts'

/** What a draw promised. */
export interface DrawPromise {
  readonly campaign: string
  readonly draw: string
  /** how often each prize with a quota may be won; where demand sufficed, exactly so often */
  readonly quotas: Readonly<Record<string, number>>
  readonly exhausted: boolean
}

const shown = 5

interface DecisionRow {
  readonly id: string
  readonly type: string
  readonly user: string
  readonly key: string
  readonly win: string
}

interface WinRow {
  readonly id: string
  readonly user: string
  readonly prize: string
}

/** The end of a spin that was drawn before its prize had come from another shard: the system asked for it. */
const isEnd = ({ key }: DecisionRow): boolean => key.startsWith('x:spin:')

async function decisionsOf(pool: pg.Pool, campaign: string): Promise<DecisionRow[]> {
  const { rows } = await pool.query<DecisionRow>(
    `select concat_ws('-', shard, epoch, sequence) as id, type, user_id as user, regexp_replace(key, '^u:', '') as key,
            case entity when '' then '' else shard || '-' || entity end as win
     from decisions where campaign_id = $1 and (type like 'spin.%' or type = 'task.completed')`,
    [campaign]
  )
  return rows
}

async function winsOf(pool: pg.Pool, { campaign, draw }: DrawPromise): Promise<WinRow[]> {
  const { rows } = await pool.query<WinRow>(
    'select win_id as id, user_id as user, prize_id as prize from wins where campaign_id = $1 and activity_id = $2',
    [campaign, draw]
  )
  return rows
}

/** I1, I2, I9 and I14 for draws and tasks: what was told is stored, once, quotas hold, and every spin recomputes. */
export async function takenPartWrong(world: World, history: History, promise: DrawPromise): Promise<Difference[]> {
  const decisions = await decisionsOf(world.pool, promise.campaign)
  const wins = await winsOf(world.pool, promise)
  return [
    ...tellingsWrong(history, decisions, wins),
    ...decisionsWrong(history, decisions),
    ...winsWrong(decisions, wins),
    ...quotasWrong(wins, promise),
    ...(await balancesWrong(world)),
    ...(await spinsWrong(world, promise))
  ]
}

/** I1: every confirmed spin and completion is in Postgres as the user was told. */
function tellingsWrong(history: History, decisions: readonly DecisionRow[], wins: readonly WinRow[]): Difference[] {
  const byId = new Map(decisions.map((row) => [row.id, row]))
  const winById = new Map(wins.map((row) => [row.id, row]))
  const found: Difference[] = []
  for (const { purchase, result } of history.attempts) {
    const { wanted = 'order', user, key } = purchase
    if (wanted === 'order' || result?.kind !== 'ok' || !isTakenPart(result.body, wanted)) continue
    const { requestId: told, eventId, spin } = result.body
    const row = byId.get(eventId)
    if (told !== key) found.push({ rule: 'contract', what: `${key} of ${user} was answered as ${told}` })
    if (row?.user !== user || (row.key !== key && !isEnd(row))) {
      found.push({
        rule: 'I1',
        what: `${eventId} was confirmed to ${user} for ${key}, stored is ${JSON.stringify(row)}`
      })
    }
    if (spin?.win && winById.get(spin.win.id)?.user !== user) {
      found.push({ rule: 'I1', what: `${user} was told of win ${spin.win.id}, which Postgres has not` })
    }
  }
  return found
}

/** I2, I7, I9: one decision for each user and key, and none that nobody was told of. */
function decisionsWrong(history: History, decisions: readonly DecisionRow[]): Difference[] {
  const asked = history.byKey()
  const seen = new Set<string>()
  const found: Difference[] = []
  for (const { id, user, key } of decisions.filter((row) => !isEnd(row))) {
    const name = requestId(user, key)
    if (seen.has(name)) found.push({ rule: 'I2', what: `user and key ${name} have two decisions, one is ${id}` })
    seen.add(name)
    const attempts = asked.get(name)
    if (attempts === undefined) found.push({ rule: 'I9', what: `nobody asked for ${id} of ${name}` })
    else if (!attempts.some(({ result }) => result?.kind === 'ok')) {
      const last = JSON.stringify(attempts.at(-1)?.result)
      found.push({ rule: 'I7', what: `${id} stands, but ${user} was told ${last} for key ${key}` })
    }
  }
  return found
}

/** I2: one win for each decision that names one. */
function winsWrong(decisions: readonly DecisionRow[], wins: readonly WinRow[]): Difference[] {
  const named = decisions.map(({ win }) => win).filter((win) => win !== '')
  const stored = wins.map(({ id }) => id)
  if (isDeepStrictEqual([...named].sort(), [...stored].sort())) return []
  return [{ rule: 'I2', what: `${named.length} spins name a win, ${stored.length} wins are stored, or other ones` }]
}

/** I3, I5: no quota exceeded, and exhausted where demand sufficed. */
function quotasWrong(wins: readonly WinRow[], { quotas, exhausted }: DrawPromise): Difference[] {
  return Object.entries(quotas).flatMap(([prize, quota]) => {
    const won = wins.filter((win) => win.prize === prize).length
    const rule = won > quota ? 'I3' : 'I5'
    return won > quota || (exhausted && won < quota)
      ? [{ rule, what: `${prize} was won ${won} times of ${quota}` }]
      : []
  })
}

/** I8: the ledger, Postgres and Redis agree on every balance, and none is below nothing. */
export async function balancesWrong(world: World): Promise<Difference[]> {
  const books = new Books(world.places())
  try {
    const different = await books.unbalanced()
    const negative = await books.rows('select user_id, unit, balance from balances where balance < 0')
    return [...different, ...negative]
      .slice(0, shown)
      .map((row) => ({ rule: 'I8', what: `books that do not agree: ${JSON.stringify(row)}` }))
  } finally {
    await books.close()
  }
}

/** I14: every spin is what its seed and the journal of its shard before it make of it. */
async function spinsWrong({ pool, namespace }: World, { campaign, draw }: DrawPromise): Promise<Difference[]> {
  const seed = (await readSeeds(pool, [campaign])).get(campaign)?.get(draw)?.seed.toString('hex')
  const { rows } = await pool.query<{ shard: number }>('select shard from shards order by shard')
  const found: Difference[] = []
  for (const { shard } of rows) {
    const lines: string[] = []
    const options = { namespace, shard, campaign, mask: false, now: Date.now() }
    for await (const { text } of exportJournal(pool, options)) lines.push(...text.trimEnd().split('\n'))
    const verdict = verifyDraw(lines, { campaign, draw, seed, acceptMissing: true })
    if (!verdict.ok) found.push({ rule: 'I14', what: `shard ${shard}: ${JSON.stringify(verdict.difference)}` })
  }
  return found
}
