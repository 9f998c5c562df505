import type { FastifyInstance } from 'fastify'
import type { Pool } from 'pg'
import { Type } from 'typebox'
import { fromStore } from '../../base/deadline.ts'
import { isoTime } from '../../base/iso-time.ts'
import { ID_PATTERN } from '../../base/shapes.ts'
import { MOST_STARS } from '../../campaign/kinds/survey/definition.ts'
import { findSurvey, type Question, type Survey } from '../../campaign/kinds/survey/rules.ts'
import { type Campaigns, rulesInForce } from '../../campaign/lifecycle/lifecycle.ts'
import { listSurveyTexts, readSurveyCounts, type SurveyCount, type SurveyText } from '../../store/reading/surveys.ts'
import { requireRole } from '../auth/operator.ts'
import { type Language, localise, pickLanguage } from '../problems/language.ts'
import { ProblemError } from '../problems/problems.ts'
import { firstOf, pageOf, pageView } from '../wire/pages.ts'
import { ListQuery, OpenObject, refusals } from '../wire/schemas.ts'
import { asProblem } from './views/campaign-answers.ts'

interface SurveyOptions {
  readonly pool: Pool
  readonly campaigns: Campaigns
}

const SurveyParams = Type.Object({
  campaign: Type.String({ pattern: ID_PATTERN }),
  survey: Type.String({ pattern: ID_PATTERN })
})
const { limit, cursor } = ListQuery.properties
const ResultsQuery = Type.Object(
  {
    question: Type.Optional(Type.String({ pattern: ID_PATTERN, description: 'this question alone' })),
    limit,
    cursor
  },
  { additionalProperties: false }
)

/** Counts of one question by value; the value '' counts who answered it at all. */
function countsOf(counts: readonly SurveyCount[], question: string): (value: string | number) => number {
  const own = new Map(counts.filter((one) => one.question === question).map(({ value, answers }) => [value, answers]))
  return (value) => own.get(String(value)) ?? 0
}

const stars = Array.from({ length: MOST_STARS }, (_, index) => index + 1)

/** To two decimals; null without a rating. */
function averageOf(count: (value: number) => number): number | null {
  const ratings = stars.reduce((sum, value) => sum + count(value), 0)
  const sum = stars.reduce((total, value) => total + value * count(value), 0)
  return ratings === 0 ? null : Math.round((sum / ratings) * 100) / 100
}

function questionResults(question: Question, counts: readonly SurveyCount[], language: Language) {
  const { id, type, title } = question
  const count = countsOf(counts, id)
  const shown = { id, type, title: localise(title, language), answers: count('') }
  if (question.type === 'text') return shown
  if (question.type === 'rating') {
    return { ...shown, average: averageOf(count), counts: Object.fromEntries(stars.map((star) => [star, count(star)])) }
  }
  return { ...shown, counts: Object.fromEntries(question.options.map((option) => [option.id, count(option.id)])) }
}

const textView = ({ id, text, at }: SurveyText) => ({ answer: id, text, answeredAt: isoTime(at) })

/** @throws ProblemError NOT_FOUND for no such question, VALIDATION for a cursor without a question */
function questionsAsked({ questions }: Survey, query: { question?: string; cursor?: string }): readonly Question[] {
  if (query.question === undefined) {
    if (query.cursor === undefined) return questions
    const detail = 'belongs to the texts of one question: name it as question'
    throw new ProblemError('VALIDATION', { errors: [{ pointer: '/cursor', detail }] })
  }
  const asked = questions.filter(({ id }) => id === query.question)
  if (asked.length === 0) throw new ProblemError('NOT_FOUND')
  return asked
}

/** What users answered, summed up; texts by pages, without the names of who wrote them. */
export function adminSurveys(app: FastifyInstance, { pool, campaigns }: SurveyOptions): void {
  app.get<{
    Params: { campaign: string; survey: string }
    Querystring: { question?: string; limit?: string; cursor?: string }
  }>(
    '/admin/v1/campaigns/:campaign/surveys/:survey/results',
    {
      preHandler: requireRole('viewer'),
      schema: { params: SurveyParams, querystring: ResultsQuery, response: { 200: OpenObject, ...refusals } }
    },
    async (request) => {
      const { params, query } = request
      const rules = rulesInForce(await asProblem(campaigns.get(params.campaign)))
      const survey = findSurvey(rules?.activities ?? [], params.survey)
      if (!survey) throw new ProblemError('NOT_FOUND')
      const asked = questionsAsked(survey, query)
      const page = pageOf(query)
      const language = pickLanguage(request.headers['accept-language'])
      const counts = await fromStore(readSurveyCounts(pool, params))
      const questions = asked.map(async (question) => {
        const results = questionResults(question, counts, language)
        if (question.type !== 'text') return results
        const name = { ...params, question: question.id }
        const texts = await fromStore(listSurveyTexts(pool, name, { ...page, limit: page.limit + 1 }))
        return {
          ...results,
          texts: pageView(
            firstOf(texts, page.limit, ({ at, id }) => ({ at, id })),
            textView
          )
        }
      })
      const { satisfaction } = survey
      const score = countsOf(counts, satisfaction)
      return {
        ...params,
        answers: countsOf(counts, '')(''),
        satisfaction:
          satisfaction === '' ? null : { question: satisfaction, average: averageOf(score), answers: score('') },
        questions: await Promise.all(questions)
      }
    }
  )
}
