import type { Account } from '../load/messages.ts'
import type { Measurement } from '../measuring/measurement.ts'
import type { Proof } from '../measuring/proofs.ts'
import type { World } from '../stack/world.ts'

/** Who answers: the gateway, or something to compare it with. */
export type Target = 'gateway' | 'bare' | 'peer' | 'evalsha' | 'nginx'

/** Length and width of a load, as the command line says. */
export interface LoadOptions {
  readonly seconds: number
  readonly warmupSeconds: number
  readonly connections: number
}

export interface Run {
  readonly scenario: Scenario
  readonly round: number
  readonly options: LoadOptions
}

/**
 * One thing to measure, as data: where to send what, what to expect, and how to prove afterwards that the answers were
 * true. A new activity kind (spins, claims) or another load is measured by another row.
 */
export interface Scenario {
  readonly name: string
  /** one line for the report */
  readonly title: string
  readonly byDefault: boolean
  readonly target: Target
  /** path of the request in the campaign that each round makes for itself */
  path(campaign: string): string
  /** JSON text of the request */
  readonly body: string
  readonly expectedStatus: number
  /** what ends the measured time: the last answer, or the last order in Postgres and on the public stream */
  readonly until: 'answered' | 'persisted'
  /** type of its public events, with a wildcard where it has several */
  readonly events: string
  prepare(world: World, campaign: string): Promise<void>
  measure(world: World, run: Run): Promise<Measurement>
  prove(world: World, campaign: string, account: Account): Promise<Proof>
}
