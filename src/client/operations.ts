// What operators see of a running campaign, on the admin port.
import { type LiveOptions, readStream } from './stream.ts'
import type { Settings } from './transport.ts'

/** How often what came of asking; approximate. */
interface Attempts {
  attempts: number
  confirmed: number
  /** asked for again */
  replayed: number
  /** decided, and not journaled in time */
  pending: number
  /** by code of the problem */
  refused: { [code: string]: number }
}

interface Approximate {
  total: Attempts
  lastMinute: Attempts
  /** over the last ten seconds */
  perSecond: { attempts: number; confirmed: number; refused: number }
}

interface Units {
  total: number | null
  remaining: number | null
  taken: number | null
  /** taken and not paid */
  held: number | null
  paid: number | null
  /** units taken over the last minute; null until it was watched for five seconds */
  perSecond: number | null
  /** at that pace; 0 when nothing is left, null when nothing goes */
  soldOutInSeconds: number | null
}

interface WatchedActivity extends Units {
  id: string
  kind: string
  title: unknown
  paused: boolean
  currentSession: string | null
  nextOpensAt: string | null
  unpaidShare: number | null
  sessions: Array<Units & { id: string; opensAt: string; closesAt: string; paused: boolean }>
  /** those with a quota */
  prizes: Array<Units & { id: string; tier: number | null }>
  approximate: Approximate
}

interface Took {
  p50Ms: number
  p99Ms: number
}

/** All figures of a campaign at a moment. Units and participants are exact; what gateways count is approximate. */
export interface Operations {
  campaign: string
  status: 'published' | 'running' | 'paused' | 'ended' | 'settled'
  version: number
  asOf: string
  participants: number | null
  activities: WatchedActivity[]
  /** as the report counts them, some seconds ago; null until that was done once */
  counted: {
    asOf: string
    figures: Array<{ id: string; of: string | null; unit: string | null; value: number | null; exact: boolean }>
  } | null
  shards: Array<{
    shard: number
    state: string
    epoch: number | null
    /** when its units and participants were read; null: they are not among the figures */
    asOf: string | null
    /** frames not known to be journaled */
    outbox: number | null
    /** frames journaled and not known to be in Postgres */
    kept: number | null
    /** frames that Postgres has and other systems were not told */
    eventsBehind: number | null
  }>
  /** names of those that do not hold */
  conditions: string[]
  approximate: Approximate & { latency: { confirmed: Took | null; refused: Took | null } }
}

/**
 * Watches a campaign as an operator: calls with all figures once a second. EventSource cannot send the token that this needs.
 * @param settings of a client of the admin port @returns what stops it
 */
export function watchFigures(
  settings: Settings,
  path: string,
  { onFigures, ...options }: LiveOptions & { onFigures: (figures: Operations) => void }
): () => void {
  const take = ({ event, data }: { event: string; data: string }, signal: AbortSignal): boolean => {
    if (event !== 'snapshot' && event !== 'change') return false
    if (!signal.aborted) onFigures(JSON.parse(data) as Operations)
    return event === 'snapshot'
  }
  return readStream(settings, { path, signed: true, take }, options)
}
