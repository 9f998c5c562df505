import type { KindRules } from '../../parts/kind.ts'
import { checkSurvey } from './check.ts'
import { compileSurvey } from './compile.ts'
import { type SurveyDefinition, SurveySchema } from './definition.ts'
import { type Survey, surveyDefinition, surveyRules } from './rules.ts'

/** Questions that a user answers once, for a reward. The answers stand in Postgres alone. */
export const survey: KindRules<SurveyDefinition, Survey> = {
  schema: SurveySchema,
  frozen: ['for', 'satisfaction', 'questions', 'reward'] satisfies ReadonlyArray<keyof Survey>,
  check: checkSurvey,
  rules: surveyRules,
  definition: surveyDefinition,
  compile: compileSurvey,
  rewards: ({ reward }) => [reward]
}
