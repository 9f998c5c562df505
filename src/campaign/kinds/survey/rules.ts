import { commonDefinition, commonRules, wholeSession, windowDefinition } from '../../parts/activity.ts'
import type { Window } from '../../parts/context.ts'
import type { ActivityBase, Reward } from '../../parts/model.ts'
import { rewardDefinition, rewardRules } from '../../parts/reward.ts'
import type { Localized } from '../../parts/shapes.ts'
import type { QuestionDefinition, SurveyDefinition } from './definition.ts'

interface Asked {
  readonly id: string
  readonly title: Localized
  readonly required: boolean
}

/** A question of a survey in force. */
export type Question =
  | (Asked & { readonly type: 'rating' })
  | (Asked & { readonly type: 'text'; readonly maxLength: number })
  | (Asked & {
      readonly type: 'choice'
      readonly multiple: boolean
      readonly options: ReadonlyArray<{ readonly id: string; readonly title: Localized }>
    })

export interface Survey extends ActivityBase {
  readonly kind: 'survey'
  readonly for: 'anybody' | 'participants' | 'buyers' | 'winners'
  /** the rating whose average is the campaign's satisfaction; '' for none */
  readonly satisfaction: string
  readonly questions: readonly Question[]
  readonly reward: Reward | null
}

/** The survey of this id among the activities of a campaign in force. */
export function findSurvey(activities: readonly ActivityBase[], id: string): Survey | undefined {
  return activities.find((activity): activity is Survey => activity.id === id && activity.kind === 'survey')
}

const USUAL_LENGTH = 500

function questionRules({ id, title, ...question }: QuestionDefinition): Question {
  const asked = { id, title, required: question.required ?? false }
  if (question.type === 'rating') return { ...asked, type: 'rating' }
  if (question.type === 'text') return { ...asked, type: 'text', maxLength: question.maxLength ?? USUAL_LENGTH }
  return { ...asked, type: 'choice', multiple: question.multiple ?? false, options: question.options ?? [] }
}

function questionDefinition(question: Question): QuestionDefinition {
  const { id, title, required } = question
  const asked = { id, title, required }
  if (question.type === 'rating') return { ...asked, type: 'rating' }
  if (question.type === 'text') return { ...asked, type: 'text', maxLength: question.maxLength }
  const options = question.options.map((option) => ({ ...option }))
  return { ...asked, type: 'choice', multiple: question.multiple, options }
}

/** A survey in force, as it is before any adjustment. */
export function surveyRules(survey: SurveyDefinition, window: Window): Survey {
  return {
    ...commonRules(survey),
    kind: 'survey',
    for: survey.for ?? 'anybody',
    satisfaction: survey.satisfaction ?? '',
    questions: survey.questions.map(questionRules),
    reward: survey.reward ? rewardRules(survey.reward) : null,
    sessions: [wholeSession(survey, window)]
  }
}

export function surveyDefinition(survey: Survey): SurveyDefinition {
  return {
    ...commonDefinition(survey),
    ...windowDefinition(survey),
    kind: 'survey',
    for: survey.for,
    ...(survey.satisfaction === '' ? {} : { satisfaction: survey.satisfaction }),
    questions: survey.questions.map(questionDefinition),
    ...(survey.reward ? { reward: rewardDefinition(survey.reward) } : {})
  }
}
