import type { AttemptKind } from '../../support/load/history.ts'

/** A draw for those who come for it: a task gives each of them points, and they spin until these are gone. */
export interface DrawVisit {
  readonly draw: string
  readonly task: string
  /** spins that the points suffice for; one more is asked for, and refused */
  readonly spins: number
  /** of all who come, from 0 to 1 */
  readonly share: number
}

/** What the load process is told at its start. */
export interface LoadOptions {
  readonly gateways: readonly string[]
  readonly tokenSecret: string
  readonly campaign: string
  readonly sale: string
  /** buyers at once, each a loop of one purchase after another */
  readonly buyers: number
  /** pause of a buyer between two purchases */
  readonly restMs: number
  /** of one exchange, and how long a purchase is retried */
  readonly deadlineMs: number
  readonly patienceMs: number
  readonly seed: number
  /** every n-th purchase is for two units; 0: all for one */
  readonly everyNthTwo: number
  /** every tenth buyer comes back for more than the two units of a user */
  readonly comeBack?: boolean
  readonly visit?: DrawVisit
  /** all buyers belong to this shard of so many; to any without */
  readonly home?: { readonly shard: number; readonly count: number } | undefined
  /** JSON lines of the history */
  readonly historyFile: string
}

export type Order =
  | { readonly kind: 'start'; readonly options: LoadOptions }
  | { readonly kind: 'gateways'; readonly gateways: readonly string[] }
  | { readonly kind: 'rest'; readonly restMs: number }
  | { readonly kind: 'stop' }
  | { readonly kind: 'settle'; readonly deadlineMs: number }
  | { readonly kind: 'exit' }

export type Report =
  | {
      readonly kind: 'figures'
      readonly counts: Readonly<Partial<Record<AttemptKind, number>>>
      readonly inFlight: number
      /** when the request of the newest new order was sent (ms since 1970), 0 without one */
      readonly newestOrderAt: number
      /** how late a timer of the load client was, at p99: what the machine itself costs (ms) */
      readonly lagMs: number
    }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'settled'; readonly failure: string }
