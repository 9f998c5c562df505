import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { readReport } from '../../export/report/report.ts'
import type { ActivityFinder } from '../answering/find-activity.ts'
import { requireRole } from '../auth/operator.ts'
import type { LiveFigures } from '../campaigns/live-figures.ts'
import { eventBytes, LiveHub, type LiveSource, tellOf } from '../campaigns/live-hub.ts'
import { type StateGate, shardState } from '../operator/campaign-state.ts'
import { ProblemError } from '../problems/problems.ts'
import { addressOf } from '../running/address.ts'
import { CampaignParams } from '../wire/schemas.ts'
import { CountedFigures } from './counted-figures.ts'
import { Pace } from './live-pace.ts'
import { type LiveShard, OperatorLive } from './live-schemas.ts'
import { operatorLive } from './live-view.ts'
import type { SignalTotals } from './signal-totals.ts'
import '../wire/request-types.ts'

interface OperatorLiveOptions {
  readonly pool: Pool
  readonly gate: StateGate
  readonly finder: ActivityFinder
  readonly figures: LiveFigures
  readonly signals: SignalTotals
  /** names of the conditions that do not hold */
  readonly broken: () => Promise<readonly string[]>
  /** as the hook of all admin routes: throws where a token is no longer known */
  readonly authenticate: (request: FastifyRequest) => Promise<void>
  readonly logger: Logger
  /** ms since 1970 */
  readonly now?: () => number
}

const EVERY_MS = 1000
const SHARDS_EVERY_MS = 2000
const LISTENERS_MAX = 200
const RETRY_MS = 2000
/** A token that is taken back ends what it opened within this time and that of the next look at the tokens. */
const ASK_AGAIN_MS = 3000

const isRefusal = (error: unknown) => error instanceof ProblemError

/** What all campaigns show of the deployment, read again every two seconds while somebody watches. */
class Deployment {
  readonly #options: Pick<OperatorLiveOptions, 'pool' | 'gate' | 'figures' | 'broken'>
  readonly #now: () => number
  #readAt = Number.NEGATIVE_INFINITY
  shards: ReadonlyArray<Omit<LiveShard, 'asOf'>> = []
  conditions: readonly string[] = []

  constructor(options: Pick<OperatorLiveOptions, 'pool' | 'gate' | 'figures' | 'broken'>, now: () => number) {
    this.#options = options
    this.#now = now
  }

  /** Never throws: what does not answer is null. */
  async refresh(): Promise<void> {
    if (this.#now() - this.#readAt < SHARDS_EVERY_MS) return
    this.#readAt = this.#now()
    const { gate, broken } = this.#options
    const [shards, conditions] = await Promise.all([
      Promise.all(gate.numbers.map((shard) => this.#shard(shard))),
      broken().catch(() => this.conditions)
    ])
    this.shards = shards
    this.conditions = conditions
  }

  async #shard(shard: number): Promise<Omit<LiveShard, 'asOf'>> {
    try {
      const isAway = this.#options.figures.isAway(shard)
      const { state, epoch, outbox, kept, lags } = await shardState(this.#options, shard, isAway)
      return { shard, state, epoch, outbox, kept, eventsBehind: lags.events }
    } catch {
      return { shard, state: 'unknown', epoch: null, outbox: null, kept: null, eventsBehind: null }
    }
  }
}

/** What the feed is made of: the same figures of Redis as the public feed, signals of all gateways, and the shards. */
function createSource(options: OperatorLiveOptions, watched: () => Iterable<string>): LiveSource {
  const { finder, figures, signals, now = Date.now } = options
  const deployment = new Deployment(options, now)
  const counted = new CountedFigures((id) => readReport(options.pool, id, { now: now() }), tellOf(options.logger))
  const paces = new Map<string, Pace>()
  return {
    async refresh() {
      const topics = [...watched()]
      for (const id of paces.keys()) if (!topics.includes(id)) paces.delete(id)
      counted.refresh(topics)
      await Promise.all([figures.refresh(), deployment.refresh(), ...topics.map((id) => signals.refresh(id))])
      for (const id of topics) {
        const known = figures.seen(id)
        const pace = paces.get(id) ?? new Pace()
        paces.set(id, pace)
        // units of a shard that comes later did not go meanwhile
        if (known !== undefined && !known.readAt.includes(null)) pace.note(known)
      }
    },
    text(id) {
      const campaign = finder.catalogue.get(id)
      if (campaign === undefined) return undefined
      const pace = paces.get(id) ?? new Pace()
      const { shards, conditions } = deployment
      const seen = { figures: figures.seen(id), counted: counted.of(id) }
      return JSON.stringify(operatorLive({ campaign, now: now(), pace, signals, shards, conditions, ...seen }))
    }
  }
}

/** GET .../live for operators: all figures of a campaign, once a second. */
export async function operatorLiveRoute(app: FastifyInstance, options: OperatorLiveOptions): Promise<void> {
  const { finder, now = Date.now, authenticate } = options
  const mayWatch = requireRole('viewer')
  const source = createSource(options, () => hub.topics())
  const onError = tellOf(options.logger)
  const hub: LiveHub = new LiveHub({ source, everyMs: EVERY_MS, now, listenersMax: LISTENERS_MAX, onError })
  app.addHook('preClose', async () => hub.close())

  /** Ends the stream once the token is taken back, or its role is; while Postgres is away it goes on. */
  function askAgain(request: FastifyRequest, reply: FastifyReply): void {
    const timer = setInterval(() => {
      const end = (error?: unknown) => {
        if (isRefusal(error)) reply.raw.destroy()
      }
      authenticate(request).then(() => mayWatch(request, reply, end), end)
    }, ASK_AGAIN_MS)
    reply.raw.once('close', () => clearInterval(timer))
  }

  app.get<{ Params: { campaign: string } }>(
    '/admin/v1/campaigns/:campaign/live',
    {
      exposeHeadRoute: false,
      preHandler: mayWatch,
      schema: {
        params: CampaignParams,
        response: {
          200: {
            description:
              'Server-Sent Events: a `snapshot`, then a `change` every second; the data of each is all of this.',
            content: { 'text/event-stream': { schema: OperatorLive } }
          }
        }
      }
    },
    async (request, reply) => {
      const campaign = await finder.findCampaign(request.params.campaign)
      if (campaign === undefined) {
        throw new ProblemError('NOT_FOUND', {}, 'No published campaign has this id; a draft has no figures.')
      }
      const address = addressOf(request.ip)
      const reason = hub.refuses(address)
      if (reason !== undefined) throw new ProblemError('UNAVAILABLE', { retryAfterMs: RETRY_MS }, reason)
      await Promise.all([source.refresh(), options.signals.refresh(campaign.id)])
      const text = source.text(campaign.id) ?? '{}'
      const headers = reply.getHeaders() as Record<string, string>
      reply.hijack()
      hub.join({
        topic: campaign.id,
        response: reply.raw,
        headers,
        address,
        snapshot: eventBytes('snapshot', text),
        text
      })
      askAgain(request, reply)
      return reply
    }
  )
}
