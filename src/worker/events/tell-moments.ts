import type { Pool } from 'pg'
import { type Catalogue, type CatalogueCampaign, YOUNG_MS } from '../../campaign/carrying/catalogue.ts'
import { type Moment, momentEvent } from '../../events/moment.ts'
import type { Publisher } from '../../journal/publisher.ts'
import type { Names } from '../../journal/subjects.ts'
import { noteMoments, toldMoments, toldSince } from '../../store/campaigns/told-moments.ts'
import { publishEvents } from './publish-events.ts'

export interface OwnEventsParts {
  readonly pool: Pool
  readonly publisher: Publisher
  readonly names: Names
  readonly catalogue: Pick<Catalogue, 'refresh' | 'list' | 'findActivity'>
  /** ms since 1970 */
  readonly now?: () => number
}

const AT_ONCE = 100

const nameOf = ({ activity, session, moment }: Pick<Moment, 'activity' | 'session' | 'moment'>) =>
  `${activity}/${session}/${moment}`

/** All moments of a campaign, past and to come, in their order. An operator who ends it closes what is open; that end is a decision. */
function momentsOf({ id, rules, ended }: CatalogueCampaign, now: number): Moment[] {
  const own = { campaign: id, activity: '', session: '', opensAt: rules.opensAt, closesAt: rules.closesAt }
  const whole: Moment[] = ended ? [] : [{ ...own, moment: 'ended', at: rules.closesAt }]
  const ofSessions = rules.activities.flatMap((activity) =>
    activity.sessions.flatMap(({ id: session, opensAt, closesAt }): Moment[] => {
      const place = { campaign: id, activity: activity.id, session, opensAt, closesAt }
      const close = Math.min(closesAt, rules.closesAt, ended ? Math.max(now, opensAt) : Number.POSITIVE_INFINITY)
      return [
        { ...place, moment: 'opened', at: opensAt },
        { ...place, moment: 'closed', at: close }
      ]
    })
  )
  return [...ofSessions, ...whole].sort((one, other) => one.at - other.at)
}

/** Tells that sessions opened and closed and campaigns ended, each once: `session.opened`, `session.closed`, and `campaign.ended` by the clock. */
export class MomentTeller {
  readonly #parts: OwnEventsParts
  readonly #now: () => number
  readonly #told = new Map<string, Set<string>>()
  /** when a campaign has to be looked at again; a change of it is another object */
  readonly #restsUntil = new WeakMap<CatalogueCampaign, number>()
  #since: number | undefined

  constructor(parts: OwnEventsParts) {
    this.#parts = parts
    this.#now = parts.now ?? Date.now
  }

  /** @throws what Postgres throws; NATS that is away is asked again later */
  async step(): Promise<void> {
    const { pool, catalogue } = this.#parts
    await catalogue.refresh(YOUNG_MS)
    this.#since ??= await toldSince(pool)
    const now = this.#now()
    for (const campaign of catalogue.list())
      if (now >= (this.#restsUntil.get(campaign) ?? 0)) await this.#look(campaign, now)
  }

  async #look(campaign: CatalogueCampaign, now: number): Promise<void> {
    const told = this.#told.get(campaign.id) ?? (await this.#read(campaign.id))
    this.#told.set(campaign.id, told)
    const since = this.#since ?? 0
    const all = momentsOf(campaign, now)
    // a session that opens after its campaign was ended never opened, so it does not close
    const opens = (moment: Moment) => !campaign.ended || told.has(nameOf({ ...moment, moment: 'opened' }))
    const due = all.filter(
      (moment) =>
        moment.at <= now &&
        Math.max(moment.at, campaign.publishedAt) >= since &&
        !told.has(nameOf(moment)) &&
        (moment.activity === '' || opens(moment))
    )
    const { stored } = await this.#tell(due.slice(0, AT_ONCE))
    for (const moment of due.slice(0, stored)) told.add(nameOf(moment))
    const next = all.find(({ at }) => at > now)?.at ?? Number.POSITIVE_INFINITY
    if (stored === due.length) this.#restsUntil.set(campaign, next)
  }

  async #read(campaign: string): Promise<Set<string>> {
    const rows = await toldMoments(this.#parts.pool, campaign)
    return new Set(rows.map(({ activity, session, moment }) => `${activity}/${session}/${moment}`))
  }

  async #tell(due: readonly Moment[]): Promise<{ stored: number }> {
    const { pool, publisher, names } = this.#parts
    const events = due.map((moment) => momentEvent(names, moment))
    const { stored } = await publishEvents(publisher, events)
    await noteMoments(pool, due.slice(0, stored))
    return { stored }
  }
}
