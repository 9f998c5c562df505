import { createHash } from 'node:crypto'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { ActivityFinder } from '../answering/find-activity.ts'
import type { ViewContext } from '../kinds/parts/page.ts'
import { type Language, pickLanguage } from '../problems/language.ts'
import { ProblemError } from '../problems/problems.ts'
import { cacheable } from '../wire/answer-headers.ts'
import { isKnown } from '../wire/ready-made.ts'
import { CampaignParams, ListQuery, OpenObject, refusals } from '../wire/schemas.ts'
import { campaignView, rulesView } from './campaign-view.ts'
import type { LiveFigures } from './live-figures.ts'

interface CampaignOptions {
  readonly finder: ActivityFinder
  readonly figures: LiveFigures
  readonly now: () => number
}

const DEFAULT_LIMIT = 20

type OfCampaign = Pick<FastifyRequest<{ Params: { campaign: string } }>, 'params' | 'headers'>

interface Page {
  readonly body: string
  readonly etag: string
}

function page(view: unknown): Page {
  const body = JSON.stringify(view)
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` }
}

/** Many users poll the same page, so it is made once for each read of Redis and language, and most answers are 304. */
function createPages(figures: LiveFigures, now: () => number) {
  const pages = new Map<string, Page>()
  let generation = -1
  let madeAt = 0
  return async (name: string, make: () => unknown): Promise<Page> => {
    await figures.refresh()
    if (figures.generation !== generation || now() - madeAt > 250) {
      pages.clear()
      generation = figures.generation
      madeAt = now()
    }
    let made = pages.get(name)
    if (made === undefined) {
      made = page(make())
      pages.set(name, made)
    }
    return made
  }
}

function sendPage(request: FastifyRequest, reply: FastifyReply, { body, etag }: Page): FastifyReply {
  cacheable(reply, 1)
  reply.header('etag', etag)
  if (isKnown(request, etag)) return reply.code(304).send()
  return reply.type('application/json; charset=utf-8').send(body)
}

/** The cursor of a list must name a known campaign: every made-up name would be another page to make and to keep. @throws ProblemError */
function requireKnown(catalogue: ActivityFinder['catalogue'], cursor: string): void {
  if (cursor === '' || catalogue.get(cursor) !== undefined) return
  const detail = 'must be a nextCursor of an earlier answer'
  throw new ProblemError('VALIDATION', { errors: [{ pointer: '/cursor', detail }] })
}

/** Routes without a token: the time, the campaigns, their rules. */
export const campaignRoutes: FastifyPluginAsyncTypebox<CampaignOptions> = async (app, { finder, figures, now }) => {
  const pages = createPages(figures, now)
  const { catalogue } = finder

  function contextOf(id: string, language: Language): ViewContext {
    const campaign = catalogue.get(id)
    if (campaign === undefined) throw new ProblemError('NOT_FOUND')
    return { campaign, now: now(), language, figures: figures.of(id) }
  }

  async function pageOf(request: OfCampaign, name: string, view: (context: ViewContext) => unknown): Promise<Page> {
    const { campaign } = request.params
    if ((await finder.findCampaign(campaign)) === undefined) throw new ProblemError('NOT_FOUND')
    const language = pickLanguage(request.headers['accept-language'])
    return pages(`${name} ${language} ${campaign}`, () => view(contextOf(campaign, language)))
  }

  app.get(
    '/v1/time',
    {
      schema: {
        summary: 'The clock that opening times are measured by',
        tags: ['campaigns'],
        response: { 200: Type.Object({ serverTime: Type.String() }) }
      }
    },
    async () => ({ serverTime: new Date(now()).toISOString() })
  )

  app.get(
    '/v1/campaigns',
    {
      schema: {
        summary: 'Published campaigns, newest first',
        tags: ['campaigns'],
        querystring: ListQuery,
        response: { 200: OpenObject, ...refusals }
      }
    },
    async (request, reply) => {
      const { campaign, limit = String(DEFAULT_LIMIT), cursor = '' } = request.query
      if (catalogue.list().length === 0) await finder.refresh()
      requireKnown(catalogue, cursor)
      const language = pickLanguage(request.headers['accept-language'])
      const made = await pages(`list ${language} ${campaign ?? ''} ${limit} ${cursor}`, () => {
        const all = catalogue
          .list()
          .filter(({ id }) => campaign === undefined || id === campaign)
          .sort((a, b) => b.publishedAt - a.publishedAt || (a.id < b.id ? -1 : 1))
        const start = cursor === '' ? 0 : all.findIndex(({ id }) => id === cursor) + 1
        const items = all.slice(start, start + Number(limit))
        const last = start + items.length < all.length ? items.at(-1) : undefined
        return { items: items.map(({ id }) => campaignView(contextOf(id, language))), nextCursor: last?.id ?? null }
      })
      return sendPage(request, reply, made)
    }
  )

  app.get(
    '/v1/campaigns/:campaign',
    {
      schema: {
        summary: 'A published campaign',
        tags: ['campaigns'],
        params: CampaignParams,
        response: { 200: OpenObject, ...refusals }
      }
    },
    async (request, reply) => {
      return sendPage(request, reply, await pageOf(request, 'one', campaignView))
    }
  )

  app.get(
    '/v1/campaigns/:campaign/rules',
    {
      schema: {
        summary: 'The rules in force',
        tags: ['campaigns'],
        params: CampaignParams,
        response: { 200: OpenObject, ...refusals }
      }
    },
    async (request, reply) => {
      return sendPage(request, reply, await pageOf(request, 'rules', rulesView))
    }
  )
}
