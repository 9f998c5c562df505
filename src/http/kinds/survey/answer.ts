import { type Static, Type } from 'typebox'
import { isoTime } from '../../../base/iso-time.ts'
import { readAnswers } from '../../../campaign/kinds/survey/answers.ts'
import type { Survey } from '../../../campaign/kinds/survey/rules.ts'
import { decodeSurvey } from '../../../record/reports/survey.ts'
import { ProblemError } from '../../problems/problems.ts'
import { balancesView, creditedView } from '../../views/report.ts'
import { Balances, CappedBy, Credited, confirmedHead } from '../../views/schemas.ts'
import { Time } from '../../wire/schemas.ts'
import type { Decided, Participation } from '../kind.ts'
import { headOf } from '../parts/decision.ts'
import { prizeGiven, prizeMembers } from '../parts/reward.ts'
import { commandWithText, forgetUndecided } from '../parts/user-text.ts'

const AnswersBody = Type.Object(
  {
    answers: Type.Unsafe<Record<string, unknown>>({
      type: 'object',
      minProperties: 1,
      maxProperties: 50,
      description: 'by question: 1 to 5 for a rating, the id of an option or a list of them for a choice, a text'
    })
  },
  { additionalProperties: false, title: 'Answers of a survey' }
)

export const answerParticipation: Participation<Survey, typeof AnswersBody> = {
  url: '/v1/campaigns/:campaign/surveys/:survey/answers',
  param: 'survey',
  tag: 'surveys',
  operationId: 'answer',
  summary: 'Answer a survey, once',
  body: AnswersBody,
  example: { answers: { stars: 5, where: 'friends', why: 'It came the next day.' } },
  async command(wish, services) {
    const read = readAnswers(wish.found.activity, wish.body.answers)
    if (!read.ok) throw new ProblemError('VALIDATION', { errors: read.errors })
    const { answers } = read
    return commandWithText(wish, services, { text: JSON.stringify(answers), asked: [answers] })
  },
  ended: forgetUndecided
}

const Answer = Type.Object(
  {
    id: Type.String(),
    campaign: Type.String(),
    survey: Type.String(),
    credited: Credited,
    cappedBy: CappedBy,
    ...prizeMembers,
    balances: Balances,
    answeredAt: Time
  },
  { title: 'Answer' }
)

/** An answer without what was answered, which whoever reads this has said. */
export const answer: Decided = {
  decides: 'survey',
  member: 'answer',
  schema: Answer,
  confirmed: {
    file: 'confirmed-answer.json',
    schema: Type.Object({ ...confirmedHead, answer: Answer }, { title: 'ConfirmedAnswer' })
  },
  documents: { 'answer.json': Answer },
  body(decision, context) {
    const { cappedBy, moves } = decodeSurvey(decision.report)
    const shown: Static<typeof Answer> = {
      id: decision.id,
      campaign: context.campaign,
      survey: context.activity,
      credited: creditedView(moves),
      ...(cappedBy !== '' && { cappedBy }),
      ...prizeGiven(decision, context),
      balances: balancesView(moves),
      answeredAt: isoTime(decision.at)
    }
    return { ...headOf(decision, context), answer: shown }
  }
}
