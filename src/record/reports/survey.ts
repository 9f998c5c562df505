import { type Move, reportParts } from './moves.ts'

/** What an answered survey says about itself: nothing of the answers. */
interface SurveyReport {
  readonly kind: 'survey'
  /** the unit that a cap of the day cut, '' where none did */
  readonly cappedBy: string
  readonly moves: readonly Move[]
}

/** Reads `<capped unit or ''>|<move>...` */
export function decodeSurvey(text: string): SurveyReport {
  const { facts, moves } = reportParts(text)
  const [cappedBy = ''] = facts
  return { kind: 'survey', cappedBy, moves }
}
