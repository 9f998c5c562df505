import type { CampaignReport } from '../../export/report/report.ts'
import type { Counted } from './live-schemas.ts'

/** Figures of a report that operators want to see while a campaign runs. */
const SHOWN = new Set([
  ...['sales.orders', 'sales.amount', 'sales.paidRate'],
  ...['draws.spins', 'draws.wins', 'draws.winRate'],
  ...['tasks.completed', 'tasks.completion', 'redemptions.claims'],
  ...['shares.all', 'shares.clicks', 'invites.accepted', 'invites.conversion', 'traffic.conversion']
])
/** They have a part for each thing that users shared; of these only the channels are few. */
const BY_SUBJECT = new Set(['shares.all', 'shares.clicks'])
const isFew = (of: string | null, id: string): boolean =>
  of === null || !BY_SUBJECT.has(id) || of.startsWith('channel:')
const MOST = 300

const LEAST_MS = 10_000
/** A count reads the campaign whole, beside a worker that stores what is sold: a twentieth of the time is for counting. */
const REST = 20

interface Known {
  readonly counted: Counted | null
  /** ms of the monotonic clock */
  readonly dueAt: number
}

function countedOf({ madeAt, figures }: CampaignReport): Counted {
  const shown = figures.filter(({ id, of }) => SHOWN.has(id) && isFew(of, id)).slice(0, MOST)
  return { asOf: madeAt, figures: shown.map(({ id, of, unit, value, exact }) => ({ id, of, unit, value, exact })) }
}

/** What a report says of campaigns that somebody watches, one count at a time, and none more often than the count is cheap. */
export class CountedFigures {
  readonly #read: (campaign: string) => Promise<CampaignReport>
  readonly #onError: (error: unknown) => void
  readonly #clock: () => number
  readonly #known = new Map<string, Known>()
  #isCounting = false

  /** @param onError told why a campaign could not be counted @param clock ms of the monotonic clock */
  constructor(
    read: (campaign: string) => Promise<CampaignReport>,
    onError: (error: unknown) => void,
    clock: () => number = () => performance.now()
  ) {
    this.#read = read
    this.#onError = onError
    this.#clock = clock
  }

  /** The newest figures; null until they were counted once. */
  of(campaign: string): Counted | null {
    return this.#known.get(campaign)?.counted ?? null
  }

  /** Begins to count the campaign that waits for it longest, where one is due. Nobody waits for the end, and it never throws. */
  refresh(watched: readonly string[]): void {
    for (const id of this.#known.keys()) if (!watched.includes(id)) this.#known.delete(id)
    if (this.#isCounting) return
    const now = this.#clock()
    const dueAt = (id: string) => this.#known.get(id)?.dueAt ?? 0
    const [next] = watched.filter((id) => dueAt(id) <= now).toSorted((one, other) => dueAt(one) - dueAt(other))
    if (next === undefined) return
    this.#isCounting = true
    void this.#count(next, now).finally(() => {
      this.#isCounting = false
    })
  }

  async #count(campaign: string, beganAt: number): Promise<void> {
    const counted = await this.#read(campaign).then(countedOf, (error: unknown) => {
      this.#onError(error)
      return this.of(campaign)
    })
    const now = this.#clock()
    this.#known.set(campaign, { counted, dueAt: now + Math.max(LEAST_MS, REST * (now - beganAt)) })
  }
}
