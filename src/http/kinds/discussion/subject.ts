import { Type } from 'typebox'
import { DECISION_PATTERN, ID_PATTERN } from '../../../base/shapes.ts'
import { findComment } from '../../../campaign/actions/find-comment.ts'
import type { CatalogueActivity, CatalogueCampaign } from '../../../campaign/carrying/catalogue.ts'
import type { Discussion } from '../../../campaign/kinds/discussion/rules.ts'
import { replayField } from '../../../record/replay.ts'
import type { Subject } from '../../../record/reports/discussion.ts'
import { ProblemError } from '../../problems/problems.ts'
import type { Services } from '../kind.ts'
import type { Wish } from '../parts/command.ts'

const IdOfSubject = Type.String({
  anyOf: [{ pattern: ID_PATTERN }, { pattern: DECISION_PATTERN }],
  description: 'of an activity, a topic; of a comment that is liked'
})

/** What is talked about, in a request. @param types that the route takes */
function subjectSchema(title: string, ...types: string[]) {
  return Type.Unsafe<Subject>(
    Type.Object({ type: Type.String({ enum: types }), id: IdOfSubject }, { additionalProperties: false, title })
  )
}

export const CommentSubject = subjectSchema('CommentSubject', 'item', 'topic')
export const LikeSubject = subjectSchema('LikeSubject', 'item', 'topic', 'comment')

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

const isThere = {
  item: ({ campaign }: Place, id: string) =>
    campaign.rules.activities.some((item) => item.id === id && (item.visibleFrom ?? 0) <= Date.now()),
  topic: ({ activity }: Place, id: string) => activity.topics.some((topic) => topic.id === id)
}

/**
 * Whether there is such a subject in the discussion.
 * @throws ProblemError VALIDATION for a type that is not discussed there, NOT_FOUND for a subject that does not exist
 */
export function requireSubject(place: Place, { type, id }: Subject, pointer = '/subject/type'): void {
  const known = place.activity.subjects.find((subject) => subject === type)
  if (known === undefined) throw invalid(pointer, `must be one of: ${place.activity.subjects.join(', ')}`)
  if (!isThere[known](place, id)) throw new ProblemError('NOT_FOUND')
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
