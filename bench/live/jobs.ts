/** What the process of the listeners is asked for. */
export interface ListenJob {
  readonly url: string
  readonly path: string
  /** how many are to listen in all */
  readonly listeners: number
}

/** What the listeners got since the last question: events of the one with fewest, and of the one in the middle. */
export interface ListenResult {
  readonly least: number
  readonly median: number
  readonly bytes: number
  /** connections that have ended */
  readonly lost: number
}
