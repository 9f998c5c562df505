import { type Static, Type } from 'typebox'
import { common, ownWindow } from '../../parts/common.ts'
import { Flag, Id, oneOf, Reward, Title, whole } from '../../parts/shapes.ts'

const closed = { additionalProperties: false }

/** The longest text of an answer, in characters. */
const LONGEST_TEXT = 2000
/** Stars, from 1 on. */
export const MOST_STARS = 5

const Option = Type.Object({ id: Id, title: Title }, closed)

export const Question = Type.Object(
  {
    id: Id,
    type: oneOf('rating', 'choice', 'text'),
    title: Title,
    options: Type.Optional(
      Type.Array(Option, { minItems: 2, maxItems: 50, description: 'must be a list of 2 to 50 options' })
    ),
    multiple: Type.Optional(Flag),
    required: Type.Optional(Flag),
    maxLength: Type.Optional(whole(1, LONGEST_TEXT, 'a number of characters'))
  },
  closed
)

/** Questions that a user answers once. */
export const SurveySchema = Type.Object(
  {
    ...common,
    ...ownWindow,
    kind: Type.Literal('survey'),
    for: Type.Optional(oneOf('anybody', 'participants', 'buyers', 'winners')),
    satisfaction: Type.Optional(Id),
    questions: Type.Array(Question, { minItems: 1, maxItems: 50, description: 'must be a list of 1 to 50 questions' }),
    reward: Type.Optional(Reward)
  },
  closed
)

export type SurveyDefinition = Static<typeof SurveySchema>
export type QuestionDefinition = Static<typeof Question>
