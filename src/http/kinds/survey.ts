import { Type } from 'typebox'
import { MOST_STARS } from '../../campaign/kinds/survey/definition.ts'
import type { Question, Survey } from '../../campaign/kinds/survey/rules.ts'
import { userField } from '../../record/fields.ts'
import { type Language, localise } from '../problems/language.ts'
import type { HttpKind, Page, Standings } from './kind.ts'
import { commonView, liveHead, rulesViewOf, sessionsView } from './parts/page.ts'
import { common, optional, Reward, sessions, sessionsOfRules, words } from './parts/page-schemas.ts'
import { rewardTerms, rewardView } from './parts/reward.ts'
import { numberIn } from './parts/standing.ts'
import { answer, answerParticipation } from './survey/answer.ts'

const ShownQuestion = Type.Object(
  {
    id: Type.String(),
    type: words('rating', 'choice', 'text'),
    title: Type.String(),
    required: Type.Boolean(),
    most: optional(Type.Integer({ description: 'of a rating: from 1 to this number' })),
    options: optional(Type.Array(Type.Object({ id: Type.String(), title: Type.String() }))),
    multiple: optional(Type.Boolean({ description: 'of a choice: whether several may be named, as a list' })),
    maxLength: optional(Type.Integer({ description: 'of a text: characters' }))
  },
  { title: 'Question' }
)

const terms = {
  ...common('survey'),
  for: Type.Unsafe<Survey['for']>({
    type: 'string',
    enum: ['anybody', 'participants', 'buyers', 'winners'],
    description:
      'who may answer: buyers have units of an order that counts for the limits, winners a win of the campaign'
  }),
  questions: Type.Array(ShownQuestion),
  reward: optional(Reward)
}

function questionView(question: Question, language: Language) {
  const { id, type, title, required } = question
  const shown = { id, type, title: localise(title, language), required }
  if (question.type === 'rating') return { ...shown, most: MOST_STARS }
  if (question.type === 'text') return { ...shown, maxLength: question.maxLength }
  const options = question.options.map((option) => ({ id: option.id, title: localise(option.title, language) }))
  return { ...shown, options, multiple: question.multiple }
}

const page: Page<Survey> = {
  view: (survey, context) => ({
    ...commonView(survey, context),
    for: survey.for,
    questions: survey.questions.map((question) => questionView(question, context.language)),
    ...(survey.reward && { reward: rewardView(survey, survey.reward, context) }),
    sessions: sessionsView(survey)
  }),
  liveView: (survey, context) => liveHead(survey, context),
  rulesView(survey, context) {
    const { reward, ...view } = page.view(survey, context) as { readonly reward?: object }
    return rulesViewOf({ ...view, ...(reward && { reward: rewardTerms(reward) }) })
  },
  schemas: {
    view: Type.Object({ ...terms, ...sessions }, { title: 'Survey' }),
    rules: Type.Object({ ...terms, ...sessionsOfRules }, { title: 'SurveyTerms' }),
    live: {}
  }
}

const standing: Standings<Survey> = {
  most: () => 1,
  view: (day, survey) => ({ done: numberIn(day, userField.times(day.campaign.id, survey.id)) > 0 }),
  schema: { done: optional(Type.Boolean()) }
}

export const survey: HttpKind<Survey> = {
  actions: [{ participation: answerParticipation, decided: answer }],
  page,
  standing
}
