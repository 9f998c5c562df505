import type { Names } from '../journal/subjects.ts'
import { cloudEvent, type PublicEvent } from './cloud-event.ts'

/** A period of a leaderboard whose order is final. */
interface FrozenBoard {
  readonly campaign: string
  readonly board: string
  readonly period: string
  /** how many users have a rank */
  readonly ranked: number
  readonly frozenAt: Date
}

/** The event of a final order. It is no decision: its id names the board and the period. */
export function frozenBoardEvent(names: Names, frozen: FrozenBoard): PublicEvent {
  const { campaign, board, period, ranked, frozenAt } = frozen
  const type = 'board.frozen'
  const id = `${type}:${campaign}:${board}:${period}`
  const data = { campaign, activity: board, board, period, ranked }
  const about = { id, type, subject: board, at: frozenAt.getTime(), user: '' }
  return {
    subject: names.eventSubject(campaign, type),
    stream: names.publicStream,
    id,
    payload: cloudEvent(names, about, data),
    contentType: 'application/cloudevents+json'
  }
}
