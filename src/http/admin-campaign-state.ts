import type { Pool } from 'pg'
import { campaignKey, stockKey } from '../campaign/compile.ts'
import { rulesInForce } from '../campaign/lifecycle-parts.ts'
import type { Session } from '../campaign/rules.ts'
import { type Gate, UnavailableError } from '../gate/gate.ts'
import type { CampaignRow } from '../store/campaigns.ts'
import { readShard } from '../store/shards.ts'
import { stateOf } from './admin-campaign-views.ts'
import { fromStore } from './order-directory.ts'

/** The part of the gate that the state is read from. */
export type StateGate = Pick<Gate, 'read' | 'depths'>

interface StateSources {
  readonly pool: Pool
  readonly gate: StateGate
  readonly now?: () => number
}

const SHARDS = [0]

const names = ['total', 'remaining', 'held', 'paid'] as const
type Figures = Record<(typeof names)[number], number>

function figuresOf(stock: Record<string, string>, session: Session): Figures & { taken: number } {
  const [total = 0, remaining = 0, held = 0, paid = 0] = names.map((name) =>
    Number(stock[`${session.id}:${name}`] ?? 0)
  )
  return { total, remaining, taken: total - remaining, held, paid }
}

function sum(all: ReadonlyArray<Figures & { taken: number }>): Figures & { taken: number } {
  const add = (name: keyof Figures | 'taken') => all.reduce((total, figures) => total + figures[name], 0)
  return { total: add('total'), remaining: add('remaining'), taken: add('taken'), held: add('held'), paid: add('paid') }
}

async function shardState(sources: StateSources, shard: number) {
  const [row, depths] = await Promise.all([fromStore(readShard(sources.pool, shard)), sources.gate.depths()])
  return {
    shard,
    epoch: row?.epoch ?? null,
    state: row?.state ?? 'closed',
    position: row?.position ?? null,
    ...depths
  }
}

/**
 * How a campaign stands by the gate: units by activity and session, participants, and the shards.
 * @throws UnavailableError when Redis or Postgres does not answer
 */
export async function readState(sources: StateSources, row: CampaignRow) {
  const sales = rulesInForce(row)?.activities ?? []
  const [[campaign, ...stocks], shards] = await Promise.all([
    sources.gate.read([campaignKey(row.id), ...sales.map((sale) => stockKey(row.id, sale.id))]),
    Promise.all(SHARDS.map((shard) => shardState(sources, shard)))
  ])
  // published and without rules in Redis: the shard is being opened again, and zeros would be a lie
  if (row.publishedAt !== null && campaign?.opens_at === undefined) {
    throw new UnavailableError('The rules of this campaign are not in Redis at the moment.')
  }
  const activities = sales.map((sale, index) => {
    const sessions = sale.sessions.map((session) => ({
      id: session.id,
      opensAt: new Date(session.opensAt).toISOString(),
      closesAt: new Date(session.closesAt).toISOString(),
      paused: session.paused,
      ...figuresOf(stocks[index] ?? {}, session)
    }))
    return { id: sale.id, kind: sale.kind, paused: sale.paused, ...sum(sessions), sessions }
  })
  return {
    campaign: row.id,
    state: stateOf(row, (sources.now ?? Date.now)()),
    participants: Number(campaign?.participants ?? 0),
    activities,
    shards
  }
}
