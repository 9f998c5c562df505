import type { OpenLoopResult } from '../../src/load/open-loop.ts'

/** What the load process is asked for; all of it is data, so that new scenarios need no new load process. */
export interface LoadJob {
  /** orders of all jobs under one account are counted together, and their keys never come twice */
  readonly account: string
  readonly url: string
  readonly path: string
  /** JSON text */
  readonly body: string
  readonly connections: number
  readonly seconds: number
  readonly expectedStatus: number
}

/** One of several requests of an open loop; `weight` says how many of them there are beside the others. */
export interface WeightedRequest {
  readonly kind: string
  readonly weight: number
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** JSON text of a POST */
  readonly body?: string
}

/** A load by the clock. */
export interface OpenJob {
  readonly account: string
  readonly url: string
  readonly requests: readonly WeightedRequest[]
  readonly arrivals: { readonly perSecond: number; readonly toPerSecond?: number; readonly seconds: number }
  readonly connections: number
}

export interface OpenLoad extends OpenLoopResult {
  /** answers 429 and 503 by their Retry-After in seconds, `none` without one */
  readonly retryAfter: Readonly<Record<string, number>>
  /** as in LoadResult */
  readonly lastOrder: string | null
}

/** Users of whom a load consists; with `home` those of some shards alone. */
export interface Users {
  readonly secret: string
  readonly users: number
  readonly home?: { readonly among: readonly number[]; readonly count: number }
}

export type LoadRequest =
  | ({ readonly type: 'tokens' } & Users)
  | { readonly type: 'load'; readonly job: LoadJob }
  | { readonly type: 'open'; readonly job: OpenJob }
  | { readonly type: 'account'; readonly job: LoadJob }

/** One load as the clients saw it. Latencies in milliseconds. */
export interface LoadResult {
  /** milliseconds of the monotonic clock */
  readonly startedAt: number
  readonly endedAt: number
  readonly answered: number
  readonly statuses: Readonly<Record<string, number>>
  /** answers with another status than the scenario expects */
  readonly unexpected: number
  /** the first body of an answer that was not expected */
  readonly sample: string | null
  /** broken connections and requests without an answer in time */
  readonly errors: number
  readonly p50: number
  readonly p97_5: number
  readonly p99: number
  /** the confirmed order with the highest sequence so far: the last one to reach Postgres and the public stream */
  readonly lastOrder: string | null
}

/** What clients were told in a scenario: their 201s, those of repeated requests included. */
export interface Account {
  readonly confirmed: number
  readonly units: number
  readonly distinctKeys: number
  readonly distinctSequences: number
  readonly distinctOrders: number
  /** keys whose answer was lost with the connection when the load ended, asked again with the same key */
  readonly askedAgain: number
  /** keys without a 201 after being asked again */
  readonly unresolved: number
  /** as in LoadResult, repeated requests included */
  readonly lastOrder: string | null
}

export type LoadReply =
  | { readonly type: 'ready' }
  | { readonly type: 'loaded'; readonly result: LoadResult }
  | { readonly type: 'opened'; readonly result: OpenLoad }
  | { readonly type: 'accounted'; readonly account: Account }
  | { readonly type: 'failed'; readonly message: string }
