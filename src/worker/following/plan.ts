import type { Pool } from 'pg'
import type { Rules } from '../../campaign/definition/rules.ts'
import { currentRevision, publishedCampaigns } from '../../store/campaigns/campaigns.ts'
import type { Queryable } from '../../store/connection/transaction.ts'
import type { FollowingParts, Listener, ListenersOf } from './listener.ts'

/** The listeners of every campaign that has some, by campaign. */
export type ListenersByCampaign = ReadonlyMap<string, readonly Listener[]>

/** Knows who listens; campaigns are read again only when one of them has changed. */
export class ListenerPlan {
  readonly #pool: Pool
  readonly #listenersOf: ListenersOf
  readonly #parts: FollowingParts
  #revision = -1
  #listeners: ListenersByCampaign = new Map()

  constructor(pool: Pool, listenersOf: ListenersOf, parts: FollowingParts) {
    this.#pool = pool
    this.#listenersOf = listenersOf
    this.#parts = parts
  }

  /** @throws what Postgres throws */
  async read(): Promise<ListenersByCampaign> {
    const revision = await currentRevision(this.#pool)
    if (revision === this.#revision) return this.#listeners
    const rows = await publishedCampaigns(this.#pool)
    const all = rows.map(({ id, rules }) => [id, this.#listenersOf(rules as Rules, this.#parts)] as const)
    this.#listeners = new Map(all.filter(([, listeners]) => listeners.length > 0))
    this.#revision = revision
    return this.#listeners
  }
  /** Whether no campaign has changed since it was read last. @throws what Postgres throws */
  async isCurrent(session: Queryable): Promise<boolean> {
    return (await currentRevision(session)) === this.#revision
  }
}
