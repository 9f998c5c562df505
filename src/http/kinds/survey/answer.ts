import { type Static, Type } from 'typebox'
import { fromStore } from '../../../base/deadline.ts'
import { isoTime } from '../../../base/iso-time.ts'
import { readAnswers } from '../../../campaign/kinds/survey/answers.ts'
import type { Survey } from '../../../campaign/kinds/survey/rules.ts'
import { decodeSurvey } from '../../../record/reports/survey.ts'
import { keepText, releaseText } from '../../../store/reading/user-texts.ts'
import { ProblemError } from '../../problems/problems.ts'
import { balancesView, creditedView } from '../../views/report.ts'
import { Balances, Credited, confirmedHead } from '../../views/schemas.ts'
import { keyedHash } from '../../wire/keyed-hash.ts'
import { Time } from '../../wire/schemas.ts'
import type { Decided, Participation } from '../kind.ts'
import { participateCommand } from '../parts/command.ts'
import { headOf } from '../parts/decision.ts'
import { prizeGiven, prizeMembers } from '../parts/reward.ts'

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

/** Postgres alone gets the answers, before the gate decides. The journal gets a hash that does not reveal them. */
export const answerParticipation: Participation<Survey, typeof AnswersBody> = {
  url: '/v1/campaigns/:campaign/surveys/:survey/answers',
  param: 'survey',
  tag: 'surveys',
  operationId: 'answer',
  summary: 'Answer a survey, once',
  body: AnswersBody,
  example: { answers: { stars: 5, where: 'friends', why: 'It came the next day.' } },
  async command(wish, { pool }) {
    const { campaign, activity: survey } = wish.found
    const read = readAnswers(survey, wish.body.answers)
    if (!read.ok) throw new ProblemError('VALIDATION', { errors: read.errors })
    const text = JSON.stringify(read.answers)
    const asked = JSON.stringify([campaign.id, survey.id, read.answers])
    const command = participateCommand(wish, { hash: await keyedHash(pool, 'user-texts', asked) })
    const { user, key, hash } = command
    await fromStore(keepText(pool, { user, key, hash, text }))
    return command
  },
  ended({ user, key, hash }, { kind }, { pool }) {
    // whatever is left is forgotten after a week
    if (kind === 'refused' || kind === 'unavailable') releaseText(pool, { user, key, hash }).catch(() => {})
  }
}

const Answer = Type.Object(
  {
    id: Type.String(),
    campaign: Type.String(),
    survey: Type.String(),
    credited: Credited,
    cappedBy: Type.Optional(
      Type.String({
        description: 'what was not credited in full because its daily cap was reached, such as "chances:wheel"'
      })
    ),
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
