import type { ServerResponse } from 'node:http'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { CatalogueCampaign } from '../../campaign/carrying/catalogue.ts'
import type { ActivityFinder } from '../answering/find-activity.ts'
import { pickLanguage } from '../problems/language.ts'
import { ProblemError, spreadMs } from '../problems/problems.ts'
import { addressOf } from '../running/address.ts'
import { isDraining } from '../running/drain.ts'
import { CampaignParams, refusals } from '../wire/schemas.ts'
import { campaignView, liveView } from './campaign-view.ts'
import type { LiveFigures } from './live-figures.ts'

interface LiveOptions {
  readonly finder: ActivityFinder
  readonly figures: LiveFigures
  readonly now: () => number
  /** the most watchers of this process; at most a tenth of them from one address */
  readonly listenersMax: number
}

const ADDRESS_SHARE = 10
const RETRY_MS = 2000
const EVERY_MS = 250
/** Proxies that compress or buffer answers would hold events back; each of these headers stops some of them. */
const STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no'
}
const PING_MS = 15_000
/** the most unread bytes of a watcher, who then loses the connection */
const UNREAD_MAX = 64 * 1024

interface Audience {
  readonly watchers: Set<ServerResponse>
  last: string
}

/** All watchers. One timer serves them all, and none runs while there are no watchers. */
class Hub {
  readonly #options: LiveOptions
  readonly #audiences = new Map<string, Audience>()
  #timer: NodeJS.Timeout | undefined
  #pingedAt = 0
  readonly #addresses = new Map<string, number>()
  size = 0

  constructor(options: LiveOptions) {
    this.#options = options
  }

  /** Why a new watcher from this address is refused now; undefined if they are accepted. */
  refuses(address: string): string | undefined {
    const { listenersMax } = this.#options
    if (isDraining()) return 'This gateway is about to stop; ask again to reach another one.'
    if (this.size >= listenersMax) return 'Too many are watching; poll the campaign instead.'
    const share = Math.max(1, Math.floor(listenersMax / ADDRESS_SHARE))
    if ((this.#addresses.get(address) ?? 0) < share) return undefined
    return 'Too many from this address are watching; poll the campaign instead.'
  }

  join(campaign: CatalogueCampaign, watcher: ServerResponse, address: string): void {
    let audience = this.#audiences.get(campaign.id)
    if (audience === undefined) {
      audience = { watchers: new Set(), last: this.#text(campaign) }
      this.#audiences.set(campaign.id, audience)
    }
    audience.watchers.add(watcher)
    this.size += 1
    this.#addresses.set(address, (this.#addresses.get(address) ?? 0) + 1)
    watcher.once('close', () => {
      this.#leave(campaign.id, watcher)
      const left = (this.#addresses.get(address) ?? 1) - 1
      if (left === 0) this.#addresses.delete(address)
      else this.#addresses.set(address, left)
    })
    this.#timer ??= setInterval(() => void this.#turn(), EVERY_MS)
  }

  /** Ends every connection; browsers connect again, to another gateway. */
  close(): void {
    clearInterval(this.#timer)
    for (const { watchers } of this.#audiences.values()) for (const watcher of watchers) watcher.end()
  }

  #leave(id: string, watcher: ServerResponse): void {
    const audience = this.#audiences.get(id)
    if (!audience?.watchers.delete(watcher)) return
    this.size -= 1
    if (audience.watchers.size === 0) this.#audiences.delete(id)
    if (this.size === 0) {
      clearInterval(this.#timer)
      this.#timer = undefined
    }
  }

  #text(campaign: CatalogueCampaign): string {
    const { figures, now } = this.#options
    return JSON.stringify(liveView({ campaign, now: now(), figures: figures.of(campaign.id) }))
  }

  async #turn(): Promise<void> {
    const { figures, finder, now } = this.#options
    await figures.refresh()
    const ping = now() - this.#pingedAt >= PING_MS
    if (ping) this.#pingedAt = now()
    for (const [id, audience] of this.#audiences) {
      const campaign = finder.catalogue.get(id)
      const text = campaign === undefined ? audience.last : this.#text(campaign)
      if (text !== audience.last) {
        audience.last = text
        this.#send(audience, `event: change\ndata: ${text}\n\n`)
      } else if (ping) {
        this.#send(audience, ': still here\n\n')
      }
    }
  }

  #send({ watchers }: Audience, message: string): void {
    for (const watcher of watchers) {
      if (watcher.writableLength > UNREAD_MAX) watcher.destroy()
      else watcher.write(message)
    }
  }
}

/** GET .../live: Server-Sent Events, a `snapshot` and then a `change` at most every 250 ms. */
export const liveRoute: FastifyPluginAsyncTypebox<LiveOptions> = async (app, options) => {
  const { finder, figures, now } = options
  const hub = new Hub(options)
  app.addHook('preClose', async () => hub.close())

  app.get(
    '/v1/campaigns/:campaign/live',
    {
      exposeHeadRoute: false,
      schema: {
        summary: 'Participants and remaining units as they change (Server-Sent Events)',
        tags: ['campaigns'],
        params: CampaignParams,
        response: refusals
      }
    },
    async (request, reply) => {
      const campaign = await finder.findCampaign(request.params.campaign)
      if (campaign === undefined) throw new ProblemError('NOT_FOUND')
      await figures.refresh()
      const address = addressOf(request.ip)
      const reason = hub.refuses(address)
      if (reason !== undefined) throw new ProblemError('UNAVAILABLE', { retryAfterMs: RETRY_MS }, reason)
      const language = pickLanguage(request.headers['accept-language'])
      const view = campaignView({ campaign, now: now(), language, figures: figures.of(campaign.id) })
      reply.hijack()
      reply.raw.writeHead(200, {
        ...(reply.getHeaders() as Record<string, string>),
        ...STREAM_HEADERS
      })
      reply.raw.write(`retry: ${spreadMs(RETRY_MS)}\nevent: snapshot\ndata: ${JSON.stringify(view)}\n\n`)
      hub.join(campaign, reply.raw, address)
      return reply
    }
  )
}
