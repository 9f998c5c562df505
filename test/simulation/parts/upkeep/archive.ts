import { comparePlaces, type Dels, type Place } from '../frame.ts'
import type { Command } from '../gate/gate-batch.ts'
import { stockKey, userKey } from '../gate/gate-state.ts'
import { isBefore, type StoredDecision } from '../rows.ts'
import type { Tables } from '../tables.ts'

const USERS_PER_DECISION = 2

interface Asked {
  readonly campaign: string
  /** decisions before this time are old enough */
  readonly before: number
  /** up to where Redis has forgotten */
  readonly marker: Place
  readonly bugs: ReadonlySet<string>
}

function rowsOf({ state }: Tables, campaign: string): StoredDecision[] {
  return [...state.decisions.values()].filter((each) => each.campaign === campaign && each.type !== 'archived')
}

function isClosed({ state: { orders, due, intents, lapses } }: Tables, campaign: string): boolean {
  if (lapses.get(campaign)?.closed === false) return false
  const rows = [...orders.values(), ...due.values(), ...intents.values()]
  return rows.every((row) => row.campaign !== campaign || row.closed)
}

/** Nothing of a campaign can change any more, nobody needs its replays, and the checkpoint has all of it. */
function isFinal(tables: Tables, { campaign, before, marker, bugs }: Asked): boolean {
  const { checkpoint, eventsPlace = { epoch: 0, sequence: 0 }, frames } = tables.state
  const rows = rowsOf(tables, campaign)
  if (!rows.some(({ type }) => type === 'final') || !isClosed(tables, campaign)) return false
  return rows.every((row) => {
    const stream = frames.get(row.entry)?.stream
    const isTold = stream === undefined || !isBefore(eventsPlace, stream)
    // only what is folded is forgotten
    const known = bugs.has('archive-before-marker') ? checkpoint.place : marker
    const isForgotten = comparePlaces(row, known) <= 0 || bugs.has('rows-above-checkpoint')
    return row.at < before && isTold && isForgotten
  })
}

/** The next decision of the chain that takes a campaign out of Redis; undefined when it is not its time, or all are decided. */
export function nextArchive(tables: Tables, asked: Asked): Command | undefined {
  const { campaign } = asked
  const { archived, decisions } = tables.state
  if (archived.has(campaign) || !isFinal(tables, asked)) return undefined
  const dels = new Map<string, Set<string>>()
  for (const { user, type, order, epoch, seq } of rowsOf(tables, campaign)) {
    if (user === 'system') continue
    const fields = dels.get(userKey(user)) ?? new Set([`n:${campaign}`, `earned:${campaign}`, `xp:${campaign}`])
    dels.set(userKey(user), fields)
    if (type === 'accepted' && order !== undefined) fields.add(`o:${order}`)
    if (type === 'earned') fields.add(`w:${epoch}-${seq}`)
  }
  const users = [...dels].sort(([a], [b]) => (a < b ? -1 : 1))
  const links: Dels[] = []
  for (let from = 0; from < users.length; from += USERS_PER_DECISION) {
    const some = users.slice(from, from + USERS_PER_DECISION)
    links.push(Object.fromEntries(some.map(([key, fields]) => [key, [...fields]])))
  }
  links.push({ [stockKey(campaign)]: ['*'] })
  const decided = [...decisions.values()].filter(
    (each) => each.type === 'archived' && each.campaign === campaign
  ).length
  const del = links[decided]
  if (del === undefined) return undefined
  const key = `x:arc:${campaign}:${decided}`
  return { op: 'archive', campaign, user: 'system', key, hash: 'archive', del, last: decided === links.length - 1 }
}

export function mayMove(tables: Tables, asked: Asked): boolean {
  return tables.state.archived.has(asked.campaign) && isFinal(tables, asked)
}

/** The rows of an archived campaign leave the hot table, and the floor rises. */
export function moveRows(tables: Tables, asked: Asked): void {
  const { decisions, moved } = tables.state
  if (!mayMove(tables, asked)) return
  for (const row of rowsOf(tables, asked.campaign)) {
    const id = `${row.epoch}-${row.seq}`
    decisions.delete(id)
    moved.set(id, row)
    if (comparePlaces(row, tables.state.floor) > 0) tables.state.floor = { epoch: row.epoch, seq: row.seq }
  }
}
