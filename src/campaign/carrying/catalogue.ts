import type { Pool } from 'pg'
import { type CampaignRow, currentRevision, type Notice, publishedCampaigns } from '../../store/campaigns/campaigns.ts'
import { type DrawSeed, readSeeds } from '../../store/campaigns/draws.ts'
import type { Definition } from '../definition/document.ts'
import { definitionOf, type Rules } from '../definition/rules.ts'
import type { ActivityRules } from '../kinds/index.ts'

/** For those who look again and again: what changed so lately they may see at the next look, so that several of them ask once. */
export const YOUNG_MS = 300

/** The status of a published campaign at a moment. */
type CampaignStatus = 'published' | 'running' | 'paused' | 'ended' | 'settled'

/** A published campaign as a gateway knows it. */
export interface CatalogueCampaign {
  readonly id: string
  /** the published version of the definition */
  readonly version: number
  /** rises with every change; with `version` it makes the ETag */
  readonly revision: number
  /** rules in force, times in ms, sessions one by one */
  readonly rules: Rules
  /** the rules as a definition, times in UTC */
  readonly definition: Definition
  readonly paused: boolean
  readonly ended: boolean
  readonly settled: boolean
  /** what operators tell visitors; null: nothing */
  readonly notice: Notice | null
  /** ms since 1970 */
  readonly publishedAt: number
  /** by draw; the seeds are secret until their draw has ended */
  readonly seeds: ReadonlyMap<string, DrawSeed>
}

export interface CatalogueActivity {
  readonly campaign: CatalogueCampaign
  readonly activity: ActivityRules
}

type Flags = Pick<CatalogueCampaign, 'paused' | 'ended' | 'settled'>

/** The status by the clock; `now` in ms since 1970. */
export function statusOf(campaign: Flags & { readonly rules: Rules }, now: number): CampaignStatus {
  if (campaign.settled) return 'settled'
  if (campaign.ended || now >= campaign.rules.closesAt) return 'ended'
  if (campaign.paused) return 'paused'
  return now < campaign.rules.opensAt ? 'published' : 'running'
}

/** What visitors are told at `now`, in ms since 1970; null where that is nothing. Whoever looks at a campaign that is over is not told when it goes on. */
export function noticeAt(campaign: Flags & Pick<CatalogueCampaign, 'rules' | 'notice'>, now: number): Notice | null {
  const status = statusOf(campaign, now)
  return status === 'ended' || status === 'settled' ? null : campaign.notice
}

function fromRow(row: CampaignRow, seeds: ReadonlyMap<string, DrawSeed>): CatalogueCampaign {
  const rules = row.rules as Rules
  return {
    id: row.id,
    version: row.publishedVersion ?? row.version,
    revision: row.revision,
    rules,
    definition: definitionOf(rules),
    paused: row.paused,
    ended: row.ended,
    settled: row.settled,
    notice: row.notice,
    publishedAt: row.publishedAt?.getTime() ?? 0,
    seeds
  }
}

/**
 * The published campaigns, kept in memory, so routes read them at no cost. One small query every `refreshMs` finds
 * changes; while Postgres is away the last known campaigns stay.
 */
export class Catalogue {
  readonly #pool: Pool
  readonly #refreshMs: number
  readonly #onError: (error: unknown) => void
  #campaigns = new Map<string, CatalogueCampaign>()
  #activities = new Map<string, Map<string, CatalogueActivity>>()
  #revision = -1
  #readAt = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | undefined
  #running = false
  /** one reads after the other: of two at once, the one that began earlier could end later, and bring old rules back */
  #refreshing: Promise<void> = Promise.resolve()

  constructor(options: { pool: Pool; refreshMs?: number; onError?: (error: unknown) => void }) {
    this.#pool = options.pool
    this.#refreshMs = options.refreshMs ?? 500
    this.#onError = options.onError ?? (() => undefined)
  }

  /** Reads once and then every `refreshMs`; also resolves when Postgres does not answer yet. */
  async start(): Promise<void> {
    if (this.#running) return
    this.#running = true
    await this.#turn()
  }

  stop(): void {
    this.#running = false
    clearTimeout(this.#timer)
  }

  /** All published campaigns, ended ones too, by id. */
  list(): CatalogueCampaign[] {
    return [...this.#campaigns.values()]
  }

  get(id: string): CatalogueCampaign | undefined {
    return this.#campaigns.get(id)
  }

  /** An activity and its campaign. Only two lookups, because the hot path calls it for each request. */
  findActivity(campaign: string, activity: string): CatalogueActivity | undefined {
    return this.#activities.get(campaign)?.get(activity)
  }

  /** Reads what changed since, unless that was done less than `youngMs` ago. @throws what Postgres throws */
  refresh(youngMs = 0): Promise<void> {
    const refreshed = this.#refreshing.then(() => this.#refresh(youngMs))
    this.#refreshing = refreshed.catch(() => {})
    return refreshed
  }

  async #refresh(youngMs: number): Promise<void> {
    const now = performance.now()
    if (now - this.#readAt < youngMs) return
    const revision = await currentRevision(this.#pool)
    if (revision !== this.#revision) await this.#read(revision)
    this.#readAt = now
  }

  async #read(revision: number): Promise<void> {
    const before = this.#campaigns
    const known = (row: CampaignRow) => (before.get(row.id)?.revision === row.revision ? before.get(row.id) : undefined)
    const rows = await publishedCampaigns(this.#pool)
    // Read seeds after the rules: they are written before the rules of their draws can be published.
    const changed = rows.filter((row) => known(row) === undefined).map(({ id }) => id)
    const seeds = await readSeeds(this.#pool, changed)
    const campaigns = new Map<string, CatalogueCampaign>()
    for (const row of rows) campaigns.set(row.id, known(row) ?? fromRow(row, seeds.get(row.id) ?? new Map()))
    this.#index(campaigns)
    this.#revision = revision
  }

  #index(campaigns: Map<string, CatalogueCampaign>): void {
    this.#campaigns = campaigns
    this.#activities = new Map()
    for (const campaign of campaigns.values()) {
      const { activities } = campaign.rules
      this.#activities.set(campaign.id, new Map(activities.map((activity) => [activity.id, { campaign, activity }])))
    }
  }

  async #turn(): Promise<void> {
    try {
      await this.refresh()
    } catch (error) {
      this.#onError(error)
    }
    if (!this.#running) return
    this.#timer = setTimeout(() => void this.#turn(), this.#refreshMs)
    this.#timer.unref()
  }
}
