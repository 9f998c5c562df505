import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Logger } from 'pino'
import type { CatalogueCampaign } from '../../campaign/carrying/catalogue.ts'
import type { ActivityFinder } from '../answering/find-activity.ts'
import { type Language, pickLanguage } from '../problems/language.ts'
import { ProblemError } from '../problems/problems.ts'
import { addressOf } from '../running/address.ts'
import { CampaignParams, refusals } from '../wire/schemas.ts'
import { campaignView, liveView } from './campaign-view.ts'
import type { LiveFigures } from './live-figures.ts'
import { eventBytes, LiveHub, type LiveSource, tellOf } from './live-hub.ts'

interface LiveOptions {
  readonly finder: ActivityFinder
  readonly figures: LiveFigures
  readonly now: () => number
  /** the most watchers of this process; at most a tenth of them from one address */
  readonly listenersMax: number
  readonly logger: Logger
}

const ADDRESS_SHARE = 10
const RETRY_MS = 2000
const EVERY_MS = 250
/** of campaigns, their revisions and languages */
const SNAPSHOTS_MAX = 200

/** The first event of a listener, and the text of the changes that says the same. */
interface Snapshot {
  readonly bytes: Buffer
  readonly text: string
  readonly madeAt: number
  readonly generation: number
}

/** Snapshots by campaign and language, made once for all who come within 250 ms: after a deploy thousands return at once. */
function createSnapshots({ figures, now }: Pick<LiveOptions, 'figures' | 'now'>, source: LiveSource) {
  const made = new Map<string, Snapshot>()
  return (campaign: CatalogueCampaign, language: Language): Snapshot => {
    const name = `${campaign.id} ${campaign.revision} ${language}`
    const known = made.get(name)
    const isFresh = known?.generation === figures.generation && now() - known.madeAt < EVERY_MS
    if (known !== undefined && isFresh) return known
    if (made.size >= SNAPSHOTS_MAX) made.clear()
    const view = campaignView({ campaign, now: now(), language, figures: figures.of(campaign.id) })
    const snapshot = {
      bytes: eventBytes('snapshot', JSON.stringify(view)),
      text: source.text(campaign.id) ?? '',
      madeAt: now(),
      generation: figures.generation
    }
    made.set(name, snapshot)
    return snapshot
  }
}

/** GET .../live: Server-Sent Events, a `snapshot` and then a `change` at most every 250 ms. */
export const liveRoute: FastifyPluginAsyncTypebox<LiveOptions> = async (app, options) => {
  const { finder, figures, now, listenersMax, logger } = options
  const source: LiveSource = {
    refresh: () => figures.refresh(),
    text(id) {
      const campaign = finder.catalogue.get(id)
      return campaign && JSON.stringify(liveView({ campaign, now: now(), figures: figures.of(id) }))
    }
  }
  const onError = tellOf(logger)
  const hub = new LiveHub({ source, everyMs: EVERY_MS, now, listenersMax, addressShare: ADDRESS_SHARE, onError })
  const snapshotOf = createSnapshots(options, source)
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
      const { bytes, text } = snapshotOf(campaign, pickLanguage(request.headers['accept-language']))
      const headers = reply.getHeaders() as Record<string, string>
      reply.hijack()
      hub.join({ topic: campaign.id, response: reply.raw, headers, address, snapshot: bytes, text })
      return reply
    }
  )
}
