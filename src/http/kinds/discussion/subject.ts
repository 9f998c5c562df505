import { Type } from 'typebox'
import { fromStore } from '../../../base/deadline.ts'
import { DECISION_PATTERN, ID_PATTERN } from '../../../base/shapes.ts'
import { findComment } from '../../../campaign/actions/find-comment.ts'
import { findShare } from '../../../campaign/actions/share-lookup.ts'
import type { CatalogueActivity, CatalogueCampaign } from '../../../campaign/carrying/catalogue.ts'
import type { Discussion } from '../../../campaign/kinds/discussion/rules.ts'
import { replayField } from '../../../record/replay.ts'
import type { Subject } from '../../../record/reports/discussion.ts'
import { sharesById } from '../../../store/shares/shares.ts'
import { ProblemError } from '../../problems/problems.ts'
import type { Services } from '../kind.ts'
import type { Wish } from '../parts/command.ts'

const IdOfSubject = Type.String({
  anyOf: [{ pattern: ID_PATTERN }, { pattern: DECISION_PATTERN }],
  description: 'of a share, an activity, a topic; of a comment that is liked'
})

/** What is talked about, in a request. @param types that the route takes */
function subjectSchema(title: string, ...types: string[]) {
  return Type.Unsafe<Subject>(
    Type.Object({ type: Type.String({ enum: types }), id: IdOfSubject }, { additionalProperties: false, title })
  )
}

export const CommentSubject = subjectSchema('CommentSubject', 'share', 'item', 'topic')
export const LikeSubject = subjectSchema('LikeSubject', 'share', 'item', 'topic', 'comment')

/** What is talked about, in an answer. */
export const ShownSubject = Type.Object({ type: Type.String(), id: Type.String() }, { title: 'Subject' })

export function invalid(pointer: string, detail: string): ProblemError {
  return new ProblemError('VALIDATION', { errors: [{ pointer, detail }] })
}

/** A discussion with its campaign. */
interface Place {
  readonly campaign: CatalogueCampaign
  readonly activity: Discussion
}

const IS_DECISION = new RegExp(DECISION_PATTERN)

/** Whether a subject may be there, as far as the rules say it: only Postgres and the gate know shares. */
const mayBeThere = {
  share: (_place: Place, id: string) => IS_DECISION.test(id),
  item: ({ campaign }: Place, id: string) =>
    campaign.rules.activities.some((item) => item.id === id && (item.visibleFrom ?? 0) <= Date.now()),
  topic: ({ activity }: Place, id: string) => activity.topics.some((topic) => topic.id === id)
}

/**
 * Checks that there may be such a subject in the discussion; nothing is asked for a share, so everybody may read what is said about one.
 * @throws ProblemError VALIDATION for a type that is not discussed there, NOT_FOUND for a subject that does not exist
 */
export function requireKnown(place: Place, { type, id }: Subject, pointer = '/subject/type'): void {
  const known = place.activity.subjects.find((subject) => subject === type)
  if (known === undefined) throw invalid(pointer, `must be one of: ${place.activity.subjects.join(', ')}`)
  if (!mayBeThere[known](place, id)) throw new ProblemError('NOT_FOUND')
}

/** As requireKnown, and a share has to be there. @throws ProblemError VALIDATION, NOT_FOUND, VOIDED; UnavailableError */
export async function requireSubject({ pool, gate }: Services, place: Place, subject: Subject): Promise<void> {
  requireKnown(place, subject)
  if (subject.type !== 'share') return
  const stored = async (id: string) => (await fromStore(sharesById(pool, [id])))[0]
  const share = await findShare({ gate, stored }, subject.id)
  if (share?.campaign !== place.campaign.id) throw new ProblemError('NOT_FOUND')
  if (share.voided) throw new ProblemError('VOIDED')
}

/** A comment of the discussion that is shown. @throws ProblemError NOT_FOUND for every other one; UnavailableError */
export async function requireShown(services: Services, { campaign, activity }: Place, id: string) {
  const comment = await findComment(services, id)
  const isHere = comment?.campaign === campaign.id && comment.discussion === activity.id
  if (!isHere || comment.status !== 'shown') throw new ProblemError('NOT_FOUND')
  return comment
}

/**
 * Checks what a request is about. What was decided under its key before is answered again, also when a comment has been hidden since: then
 * the refusal of the check is passed over, and the gate replays.
 * @throws what the check throws
 */
export async function checkUnlessDecided(services: Services, wish: Wish, check: () => Promise<void>): Promise<void> {
  try {
    await check()
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    const key = replayField.client(wish.key)
    const fields = await services.gate.fieldsOf(wish.user, [key])
    if (fields[key] === undefined) throw error
  }
}

/** The discussion that a path names. @throws ProblemError NOT_FOUND for no activity, or one of another kind */
export function discussionOf(found: CatalogueActivity | undefined): Place {
  const { campaign, activity } = found ?? {}
  if (campaign === undefined || activity?.kind !== 'discussion') throw new ProblemError('NOT_FOUND')
  return { campaign, activity }
}
