import { decisionId } from '../../journal/frame.ts'
import { decodeSurvey } from '../../record/reports/survey.ts'
import { type Data, type Decided, orNull } from './decided.ts'

/** The answers themselves are told to nobody. */
export function surveyData({ frame, decision, report }: Decided): Data {
  const { cappedBy, moves } = decodeSurvey(report)
  return { answer: decisionId(frame, decision.seq), survey: decision.activity, cappedBy: orNull(cappedBy), moves }
}
