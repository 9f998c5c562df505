import { type Static, Type } from 'typebox'
import { Compile } from 'typebox/compile'

/** Upper bounds of how long answers took, in ms; one more count is of what took longer. The goals, 25 and 250 ms, are among them. */
export const LATENCY_EDGES_MS = [1, 2, 3, 5, 7.5, 10, 15, 25, 50, 100, 250, 500, 1000, 2500] as const

const Count = Type.Integer({ minimum: 0 })
const Text = Type.String({ maxLength: 512 })

/** What was asked of an activity since the last message of a process. */
const ActivitySignals = Type.Object({
  campaign: Text,
  activity: Text,
  /** by outcome: confirmed, replayed, pending, or the code of a problem */
  outcomes: Type.Record(Type.String({ maxLength: 64 }), Count),
  /** how many of the gate's decisions took how long, by `LATENCY_EDGES_MS` */
  confirmedIn: Type.Array(Count, { maxItems: LATENCY_EDGES_MS.length + 1 }),
  refusedIn: Type.Array(Count, { maxItems: LATENCY_EDGES_MS.length + 1 })
})

/** One refusal of many. */
const RefusalSample = Type.Object({
  /** the name inside the program */
  user: Text,
  campaign: Text,
  activity: Text,
  code: Type.String({ maxLength: 64 }),
  /** the Idempotency-Key; '' without one */
  key: Text,
  /** ms since 1970, by the gateway's clock */
  at: Type.Number(),
  /** what the refusal said besides its code */
  members: Type.Record(Type.String(), Type.Unknown())
})

/** What a gateway process says once a second; it may be lost. */
const Signals = Type.Object({
  /** ms since 1970, by the gateway's clock */
  at: Type.Number(),
  activities: Type.Array(ActivitySignals),
  refusals: Type.Array(RefusalSample)
})

export type ActivitySignals = Static<typeof ActivitySignals>
export type RefusalSample = Static<typeof RefusalSample>
export type Signals = Static<typeof Signals>

const schema = Compile(Signals)

/** A message as signals; undefined if it is none. */
export function readSignals(text: string): Signals | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return schema.Check(value) ? value : undefined
  } catch {
    return undefined
  }
}
