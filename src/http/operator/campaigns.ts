import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Pool } from 'pg'
import { type Static, type TSchema, Type } from 'typebox'
import { fromStore } from '../../base/deadline.ts'
import { ID_PATTERN } from '../../base/shapes.ts'
import { NoticeOrNone, NoticeTexts } from '../../campaign/change/notice.ts'
import { ActivityPatch, CampaignPatch, checkBody, Reason } from '../../campaign/change/patch.ts'
import { DefinitionSchema } from '../../campaign/definition/document.ts'
import { waitsForArchive } from '../../campaign/lifecycle/archive-waits.ts'
import { type Actor, type Campaigns, etagOf } from '../../campaign/lifecycle/lifecycle.ts'
import { type CampaignRow, findVersion, listCampaigns, type Notice } from '../../store/campaigns/campaigns.ts'
import type { Queryable } from '../../store/connection/transaction.ts'
import { answerRequest } from '../../store/operators/admin-requests.ts'
import { campaignPlaces } from '../../store/projection/campaign-places.ts'
import { requireRole } from '../auth/operator.ts'
import type { LiveFigures } from '../campaigns/live-figures.ts'
import { ProblemError } from '../problems/problems.ts'
import { CampaignParams } from '../wire/schemas.ts'
import { readState, type StateGate } from './campaign-state.ts'
import type { Proofs } from './proofs.ts'
import { adminReconciliation } from './reconciliation.ts'
import { versionRoutes } from './versions.ts'
import { actorOf, asProblem, sendChange } from './views/campaign-answers.ts'
import { archiveView, campaignItem, campaignView, foreseenView } from './views/campaign-views.ts'
import { type Dry, DryRunQuery, type Named, type Page, PageQuery, pageOf, pageView } from './views/pages.ts'
import '../wire/request-types.ts'

interface AdminCampaignOptions {
  readonly campaigns: Campaigns
  readonly pool: Pool
  readonly gate: StateGate
  readonly figures: LiveFigures
  readonly proofs: Proofs
  /** ms since 1970 */
  readonly now?: () => number
}

const ActivityParams = Type.Object({
  ...CampaignParams.properties,
  activity: Type.String({ pattern: ID_PATTERN })
})
const SaveQuery = Type.Object(
  { ...DryRunQuery.properties, reason: Type.Optional(Reason) },
  { additionalProperties: false }
)
/** Accepts any name: a wrong id is reported together with all other errors of the definition. */
const DraftParams = Type.Object({ campaign: Type.String() })

const Reasoned = Type.Object({ reason: Reason }, { additionalProperties: false })
const Pause = Type.Object({ reason: Reason, notice: Type.Optional(NoticeTexts) }, { additionalProperties: false })
const SetNotice = Type.Object({ reason: Reason, notice: NoticeOrNone }, { additionalProperties: false })
const MayReason = Type.Object({ reason: Type.Optional(Reason) }, { additionalProperties: false })
const Version = Type.Integer({ minimum: 1, description: 'must be the number of the version that is meant' })
const NamesVersion = Type.Object({ version: Version, reason: Type.Optional(Reason) }, { additionalProperties: false })
const Rejection = Type.Object({ version: Version, reason: Reason }, { additionalProperties: false })

interface ReviewStep {
  readonly act: (actor: Actor) => Promise<CampaignRow>
  readonly version?: number
  readonly reason?: string | undefined
  /** whether to answer 201 when the first version is saved */
  readonly created?: boolean
  /** further members of the answer */
  readonly said?: object
}

function bodyOf<S extends TSchema>(schema: S, request: FastifyRequest): Static<S> {
  const checked = checkBody(schema, request.body ?? {})
  if (!checked.ok) throw new ProblemError('VALIDATION', { errors: checked.errors })
  return checked.body
}

function readRoutes(app: FastifyInstance, options: AdminCampaignOptions): void {
  const { campaigns, pool, now = Date.now } = options
  const viewer = { preHandler: requireRole('viewer') }

  app.get<Page>('/admin/v1/campaigns', { ...viewer, schema: { querystring: PageQuery } }, async (request) => {
    const { limit, before } = pageOf(request.query)
    const rows = await fromStore(listCampaigns(pool, { limit: limit + 1, before }))
    return pageView(rows, limit, { view: (row) => campaignItem(row, now()), place: (row) => row.revision })
  })

  app.get<Named>(
    '/admin/v1/campaigns/:campaign',
    { ...viewer, schema: { params: CampaignParams } },
    async (request, reply) => {
      const row = await asProblem(campaigns.get(request.params.campaign))
      const newest = await fromStore(findVersion(pool, row.id, row.version))
      const archive = row.ended ? await archiveOf(pool, row.id, now()) : null
      return reply.header('etag', etagOf(row)).send({ ...campaignView(row, newest, now()), archive })
    }
  )

  versionRoutes(app, { campaigns, pool })

  app.get<Named>(
    '/admin/v1/campaigns/:campaign/state',
    { ...viewer, schema: { params: CampaignParams } },
    async (request) => {
      const row = await asProblem(campaigns.get(request.params.campaign))
      return readState(options, row)
    }
  )
}

async function archiveOf(pool: Pool, campaign: string, now: number) {
  const waitsFor = await fromStore(waitsForArchive(pool, campaign, now))
  return archiveView(waitsFor, await fromStore(campaignPlaces(pool, campaign)))
}

function reviewRoutes(app: FastifyInstance, options: AdminCampaignOptions): void {
  const { campaigns, pool, now = Date.now } = options
  const schema = { params: CampaignParams }

  const viewOf = async (db: Queryable, row: CampaignRow, said: object = {}) => ({
    ...campaignView(row, await findVersion(db, row.id, row.version), now()),
    ...said
  })

  /** Takes a step of the review. Its answer is stored in the transaction of the step, so that no crash can separate them. */
  async function take(request: FastifyRequest, reply: FastifyReply, step: ReviewStep): Promise<FastifyReply> {
    const statusOf = (row: CampaignRow) => (step.created && row.version === 1 ? 201 : 200)
    let answer: Awaited<ReturnType<typeof viewOf>> | undefined
    const actor: Actor = {
      ...actorOf(request, step.reason),
      version: step.version,
      async done(client, row) {
        answer = await viewOf(client, row, step.said)
        const kept = { status: statusOf(row), body: JSON.stringify(answer), etag: etagOf(row) }
        if (request.taken !== null) await answerRequest(client, request.taken, kept)
      }
    }
    const row = await asProblem(step.act(actor))
    answer ??= await fromStore(viewOf(pool, row, step.said))
    return reply.code(statusOf(row)).header('etag', etagOf(row)).send(answer)
  }

  app.put<Named & { Querystring: { dryRun?: string; reason?: string } }>(
    '/admin/v1/campaigns/:campaign',
    {
      preHandler: requireRole('operator'),
      schema: { params: DraftParams, querystring: SaveQuery },
      config: { takes: DefinitionSchema }
    },
    async (request, reply) => {
      const { campaign: id } = request.params
      if (request.query.dryRun === 'true') {
        return { dryRun: true, valid: true, ...(await asProblem(campaigns.dryRun(id, request.body))) }
      }
      const draft = { id, input: request.body }
      const act = (actor: Actor) => campaigns.save(draft, actor)
      const said = { warnings: await asProblem(campaigns.warnings(draft)) }
      return take(request, reply, { act, created: true, reason: request.query.reason, said })
    }
  )

  const steps = {
    submission: {
      role: 'operator',
      body: NamesVersion,
      act: (id: string, actor: Actor) => campaigns.submit(id, actor)
    },
    approval: { role: 'admin', body: NamesVersion, act: (id: string, actor: Actor) => campaigns.approve(id, actor) },
    rejection: { role: 'admin', body: Rejection, act: (id: string, actor: Actor) => campaigns.reject(id, actor) }
  } as const
  for (const [name, { role, body, act }] of Object.entries(steps)) {
    app.post<Named>(
      `/admin/v1/campaigns/:campaign/${name}`,
      { preHandler: requireRole(role), schema, config: { takes: body } },
      async (request, reply) => {
        const { version, reason } = bodyOf(body, request)
        return take(request, reply, { act: (actor) => act(request.params.campaign, actor), version, reason })
      }
    )
  }
}

function changeRoutes(app: FastifyInstance, options: AdminCampaignOptions): void {
  const { campaigns, now = Date.now } = options
  const steps = {
    publication: { role: 'admin', body: NamesVersion, act: (id: string, actor: Actor) => campaigns.publish(id, actor) },
    pause: {
      role: 'operator',
      body: Pause,
      act: (id: string, actor: Actor, notice?: Notice | null) => campaigns.pause(id, actor, notice ?? undefined)
    },
    notice: {
      role: 'operator',
      body: SetNotice,
      act: (id: string, actor: Actor, notice?: Notice | null) => campaigns.notify(id, actor, notice ?? null)
    },
    resumption: { role: 'operator', body: MayReason, act: (id: string, actor: Actor) => campaigns.resume(id, actor) },
    end: { role: 'operator', body: Reasoned, act: (id: string, actor: Actor) => campaigns.end(id, actor) }
  } as const
  for (const [name, { role, body, act }] of Object.entries(steps)) {
    app.post<Named>(
      `/admin/v1/campaigns/:campaign/${name}`,
      { preHandler: requireRole(role), schema: { params: CampaignParams }, config: { takes: body } },
      async (request, reply) => {
        const asked: { reason?: string; version?: number; notice?: Notice | null } = bodyOf(body, request)
        const actor = { ...actorOf(request, asked.reason), version: asked.version }
        return sendChange(reply, await asProblem(act(request.params.campaign, actor, asked.notice)), now())
      }
    )
  }
}

function patchRoutes(app: FastifyInstance, { campaigns, now = Date.now }: AdminCampaignOptions): void {
  const preHandler = requireRole('operator')

  app.patch<Named & Dry>(
    '/admin/v1/campaigns/:campaign',
    { preHandler, schema: { params: CampaignParams, querystring: DryRunQuery }, config: { takes: CampaignPatch } },
    async (request, reply) => {
      const { campaign } = request.params
      const asked = [campaign, request.body, actorOf(request)] as const
      if (request.query.dryRun === 'true') {
        return foreseenView(await asProblem(campaigns.foreseeCampaign(...asked)), now())
      }
      return sendChange(reply, await asProblem(campaigns.patchCampaign(...asked)), now())
    }
  )
  app.patch<{ Params: { campaign: string; activity: string } } & Dry>(
    '/admin/v1/campaigns/:campaign/activities/:activity',
    { preHandler, schema: { params: ActivityParams, querystring: DryRunQuery }, config: { takes: ActivityPatch } },
    async (request, reply) => {
      const asked = [request.params, request.body, actorOf(request)] as const
      if (request.query.dryRun === 'true') {
        return foreseenView(await asProblem(campaigns.foreseeActivity(...asked)), now())
      }
      return sendChange(reply, await asProblem(campaigns.patchActivity(...asked)), now())
    }
  )
}

/** The admin routes about campaigns. They run behind the operators' authentication. */
export async function adminCampaigns(app: FastifyInstance, options: AdminCampaignOptions): Promise<void> {
  readRoutes(app, options)
  reviewRoutes(app, options)
  changeRoutes(app, options)
  patchRoutes(app, options)
  adminReconciliation(app, options)
}
