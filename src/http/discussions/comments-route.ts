import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type pg from 'pg'
import { Type } from 'typebox'
import { fromStore } from '../../base/deadline.ts'
import { isoTime } from '../../base/iso-time.ts'
import { DECISION_PATTERN, ID_PATTERN } from '../../base/shapes.ts'
import { issuedUser } from '../../store/connection/user-name.ts'
import { countSubject, type ListedComment, shownComments } from '../../store/reading/comments.ts'
import type { ActivityFinder } from '../answering/find-activity.ts'
import { discussionOf, requireKnown, ShownSubject } from '../kinds/discussion/subject.ts'
import { ProblemError } from '../problems/problems.ts'
import { AnonymousReads } from '../running/anonymous-reads.ts'
import { maskUser } from '../views/mask-user.ts'
import { cacheable } from '../wire/answer-headers.ts'
import { type ItemReader, type PageRequest, pageOf, pageView, unite } from '../wire/pages.ts'
import { ListQuery, listOf, refusals, Time } from '../wire/schemas.ts'

interface CommentsOptions {
  readonly pool: pg.Pool
  readonly finder: ActivityFinder
  readonly now: () => number
}

const DiscussionParams = Type.Object({
  campaign: Type.String({ pattern: ID_PATTERN }),
  discussion: Type.String({ pattern: ID_PATTERN })
})

const { campaign: _campaign, ...pageFields } = ListQuery.properties
const CommentsQuery = Type.Object(
  {
    ...pageFields,
    type: Type.Optional(
      Type.String({ pattern: ID_PATTERN, description: 'comments on one subject: its type, with id' })
    ),
    id: Type.Optional(Type.String({ anyOf: [{ pattern: ID_PATTERN }, { pattern: DECISION_PATTERN }] }))
  },
  { additionalProperties: false }
)

const ShownComment = Type.Object(
  {
    id: Type.String(),
    user: Type.String({ description: 'masked' }),
    subject: ShownSubject,
    replyTo: Type.Unsafe<string | null>({ type: ['string', 'null'] }),
    text: Type.String(),
    likes: Type.Integer(),
    postedAt: Time
  },
  { title: 'ShownComment' }
)

const NullableCount = (what: string) =>
  Type.Unsafe<number | null>({ type: ['integer', 'null'], description: `${what}; null where no subject is named` })

export const CommentList = Type.Object(
  {
    ...listOf(ShownComment, 'CommentList').properties,
    comments: NullableCount('comments on the subject that are shown'),
    likes: NullableCount('users who like the subject')
  },
  { title: 'CommentList' }
)

const reader: ItemReader<ListedComment> = {
  placeOf: ({ id, postedAt }) => ({ at: postedAt.getTime(), id }),
  campaignOf: ({ campaign }) => campaign
}

function shownView({ id, user, subjectType, subjectId, replyTo, text, likes, postedAt }: ListedComment) {
  const subject = { type: subjectType, id: subjectId }
  return {
    id,
    user: maskUser(issuedUser(user)),
    subject,
    replyTo,
    text: text ?? '',
    likes,
    postedAt: isoTime(postedAt.getTime())
  }
}

type Subject = { readonly type: string; readonly id: string }

/** Both or none. @throws ProblemError VALIDATION */
function subjectOf({ type, id }: { type?: string; id?: string }): Subject | undefined {
  if (type !== undefined && id !== undefined) return { type, id }
  if (type === undefined && id === undefined) return undefined
  const pointer = type === undefined ? '/type' : '/id'
  throw new ProblemError('VALIDATION', { errors: [{ pointer, detail: 'is missing: a subject has a type and an id' }] })
}

const PAGE_MAX = 100

// as the list of winners: later pages, which clients can make up, have limits of their own
const FIRST_PAGES = { keepMs: 1000, most: 1000, perSecond: 50, atOnce: 2 }
const FURTHER_PAGES = { keepMs: 10_000, most: 200, perSecond: 10, atOnce: 1 }

interface Read {
  readonly rows: readonly ListedComment[]
  readonly counts: { readonly comments: number | null; readonly likes: number | null }
}

/** GET .../comments: what is shown, for everybody. A page is read from Postgres at most once a second. */
export const commentsRoute: FastifyPluginAsyncTypebox<CommentsOptions> = async (app, { pool, finder, now }) => {
  const first = new AnonymousReads<Read>({ ...FIRST_PAGES, now })
  const further = new AnonymousReads<Read>({ ...FURTHER_PAGES, now })

  async function read(
    place: { campaign: string; discussion: string; subject: Subject | undefined },
    page: PageRequest
  ) {
    const { subject } = place
    const [rows, counts] = await Promise.all([
      shownComments(pool, place, { before: page.before, limit: PAGE_MAX + 1 }),
      subject === undefined ? { comments: null, likes: null } : countSubject(pool, place, subject)
    ])
    return { rows, counts }
  }

  app.get(
    '/v1/campaigns/:campaign/discussions/:discussion/comments',
    {
      schema: {
        summary: 'Comments of a discussion, newest first; user ids are masked',
        tags: ['discussions'],
        params: DiscussionParams,
        querystring: CommentsQuery,
        response: { 200: CommentList, ...refusals }
      }
    },
    async (request, reply) => {
      const { campaign, discussion } = request.params
      const { type, id, ...query } = request.query
      const subject = subjectOf({ ...(type !== undefined && { type }), ...(id !== undefined && { id }) })
      const found = discussionOf(await finder.findActivity(campaign, discussion))
      if (subject !== undefined) requireKnown(found, subject, '/type')
      const page = pageOf(query)
      const { before } = page
      const name = [campaign, discussion, type ?? '', id ?? '', before?.at ?? '', before?.id ?? ''].join(' ')
      const { rows, counts } = await (before === undefined ? first : further).get(name, () =>
        fromStore(read({ campaign, discussion, subject }, page))
      )
      cacheable(reply, 1)
      return reply.send({ ...pageView(unite({ live: [], stored: rows }, page, reader), shownView), ...counts })
    }
  )
}
