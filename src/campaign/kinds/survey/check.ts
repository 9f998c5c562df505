import { type Context, checkOwnWindow, checkReward, checkUnique } from '../../parts/check.ts'
import { shown } from '../../parts/explain.ts'
import type { QuestionDefinition, SurveyDefinition } from './definition.ts'

/** The fields of a question that only one type has. */
const ofTypes = { options: 'choice', multiple: 'choice', maxLength: 'text' } as const

function checkQuestion(question: QuestionDefinition, pointer: string, { add }: Context): void {
  for (const [field, type] of Object.entries(ofTypes)) {
    if (question[field as keyof typeof ofTypes] !== undefined && question.type !== type) {
      add(`${pointer}/${field}`, `is for questions of type ${type}`)
    }
  }
  if (question.type === 'choice' && question.options === undefined) add(`${pointer}/options`, 'is missing')
  checkUnique(
    (question.options ?? []).map(({ id }) => id),
    (index) => `${pointer}/options/${index}/id`,
    add
  )
}

/** Checks what the schema of a survey cannot say. */
export function checkSurvey(survey: SurveyDefinition, pointer: string, context: Context): void {
  const { questions, satisfaction, reward } = survey
  const { add } = context
  checkOwnWindow(survey, pointer, context)
  for (const [index, question] of questions.entries()) checkQuestion(question, `${pointer}/questions/${index}`, context)
  checkUnique(
    questions.map(({ id }) => id),
    (index) => `${pointer}/questions/${index}/id`,
    add
  )
  if (satisfaction !== undefined && !questions.some(({ id, type }) => id === satisfaction && type === 'rating')) {
    add(`${pointer}/satisfaction`, `there is no rating ${shown(satisfaction)} among the questions`)
  }
  if (reward) checkReward(reward, `${pointer}/reward`, context)
}
