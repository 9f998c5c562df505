/** Requests that go out by the clock, whether or not those before were answered; all of it is data for a process of its own. */
export interface LoopJob {
  readonly name: string
  readonly url: string
  readonly perSecond: number
  readonly method: 'GET' | 'POST'
  /** the n-th request takes the n-th of each list, over and over */
  readonly paths: readonly string[]
  readonly bodies: readonly string[]
  readonly tokens: readonly string[]
  /** of idempotency keys, which never come twice under one prefix */
  readonly keys: string
  /** the status that is hoped for */
  readonly expected: number
  /** an answer later than this, from when the request was due, does not count */
  readonly inTimeMs: number
  /** the connection is closed when there is no answer by then */
  readonly giveUpMs: number
}

/** Requests written into connections without waiting for answers. */
export interface PipelineJob {
  readonly url: string
  readonly path: string
  readonly connections: number
  /** requests of each connection */
  readonly requests: number
  /** closed after the last request and opened again every so many ms; 0: left open and never read until the end */
  readonly everyMs: number
}

export interface ClientJob {
  readonly seconds: number
  readonly loops: readonly LoopJob[]
  readonly pipelines: readonly PipelineJob[]
}

/** What became of the requests of a loop. Latencies in ms from when a request was due; one without an answer took `giveUpMs`. */
export interface LoopResult {
  readonly name: string
  readonly sent: number
  readonly inTime: number
  readonly statuses: Readonly<Record<string, number>>
  readonly p50: number
  readonly p99: number
}
