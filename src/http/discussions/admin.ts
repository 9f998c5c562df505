import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type pg from 'pg'
import { type Static, Type } from 'typebox'
import { fromStore } from '../../base/deadline.ts'
import { UnavailableError } from '../../base/errors.ts'
import { isoTime } from '../../base/iso-time.ts'
import { DECISION_PATTERN, ID_PATTERN } from '../../base/shapes.ts'
import { type FoundComment, findComment } from '../../campaign/actions/find-comment.ts'
import type { UserReader } from '../../gate/gate.ts'
import { commentStatuses } from '../../record/reports/discussion.ts'
import { issuedUser } from '../../store/connection/user-name.ts'
import { commentsByStatus, findStoredComment, type StoredComment } from '../../store/reading/comments.ts'
import type { ActivityFinder } from '../answering/find-activity.ts'
import { requireRole } from '../auth/operator.ts'
import { discussionOf } from '../kinds/discussion/subject.ts'
import { ProblemError } from '../problems/problems.ts'
import { pageOf, pageView } from '../wire/pages.ts'
import { ListQuery, OpenObject, refusals } from '../wire/schemas.ts'

interface ListOptions {
  readonly pool: pg.Pool
  readonly gate: UserReader
  readonly finder: ActivityFinder
}

const closed = { additionalProperties: false }
const { campaign: _campaign, ...pageFields } = ListQuery.properties
const ModerationQuery = Type.Object(
  { ...pageFields, status: Type.Optional(Type.String({ enum: [...commentStatuses] })) },
  closed
)
const DiscussionParams = Type.Object({
  campaign: Type.String({ pattern: ID_PATTERN }),
  discussion: Type.String({ pattern: ID_PATTERN })
})
export const CommentParams = Type.Object({
  ...DiscussionParams.properties,
  comment: Type.String({ pattern: DECISION_PATTERN })
})

/** Of the list for moderation. */
const comments = '/admin/v1/campaigns/:campaign/discussions/:discussion/comments'

export const moderates = requireRole('operator', 'comments:moderation')

/** A comment for who moderates, with its text and the user's whole id. */
function storedView({ id, user, campaign, discussion, subjectType, subjectId, ...rest }: StoredComment) {
  const { replyTo, status, text, postedAt } = rest
  return {
    id,
    user: issuedUser(user),
    campaign,
    discussion,
    subject: { type: subjectType, id: subjectId },
    status,
    replyTo,
    text,
    postedAt: isoTime(postedAt.getTime())
  }
}

/** The comment that a path names. @throws ProblemError NOT_FOUND; UnavailableError */
export async function commentOfPath(
  parts: Pick<ListOptions, 'pool' | 'gate'>,
  { campaign, discussion, comment }: Static<typeof CommentParams>
): Promise<FoundComment> {
  const found = await findComment(parts, comment)
  if (found?.campaign !== campaign || found.discussion !== discussion) throw new ProblemError('NOT_FOUND')
  return found
}

/** The list for moderation, and one comment with its text. */
export const adminComments: FastifyPluginAsyncTypebox<ListOptions> = async (app, options) => {
  const { pool, finder } = options

  app.get(
    comments,
    {
      preHandler: moderates,
      schema: {
        tags: ['discussions'],
        params: DiscussionParams,
        querystring: ModerationQuery,
        response: { 200: OpenObject, ...refusals }
      }
    },
    async (request) => {
      const { campaign, discussion } = request.params
      const { status, ...query } = request.query
      discussionOf(await finder.findActivity(campaign, discussion))
      const page = pageOf(query)
      const statuses = status === undefined ? commentStatuses : [status]
      const { before, limit } = page
      const rows = await fromStore(
        commentsByStatus(pool, { campaign, discussion }, { before, limit: limit + 1, statuses })
      )
      const items = rows.slice(0, limit)
      const last = items.at(-1)
      const next = rows.length > limit && last ? { at: last.postedAt.getTime(), id: last.id } : undefined
      return pageView({ items, next }, (row) => ({ ...storedView(row), likes: row.likes }))
    }
  )

  app.get(
    `${comments}/:comment`,
    {
      preHandler: moderates,
      schema: { tags: ['discussions'], params: CommentParams, response: { 200: OpenObject, ...refusals } }
    },
    async (request) => {
      const { id, status } = await commentOfPath(options, request.params)
      const row = await fromStore(findStoredComment(pool, id))
      // its event may be told before Postgres has its decision
      if (row === undefined) throw new UnavailableError('the comment is not stored yet')
      return { ...storedView(row), status }
    }
  )
}
