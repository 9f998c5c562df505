import type { Pool } from 'pg'
import { frozenBoardEvent } from '../../events/frozen-board.ts'
import type { Publisher } from '../../journal/publisher.ts'
import type { Names } from '../../journal/subjects.ts'
import { noteTold, untoldPeriods } from '../../store/boards/freezing.ts'
import { publishEvents } from '../events/publish-events.ts'

interface TellingParts {
  readonly pool: Pool
  readonly publisher: Publisher
  readonly names: Names
}

/** Tells of final orders: at least once, and under the same id. @throws what Postgres throws; NATS that is away is asked again later */
export async function tellFrozen({ pool, publisher, names }: TellingParts): Promise<void> {
  const periods = await untoldPeriods(pool)
  const events = periods.map((period) => frozenBoardEvent(names, period))
  const { stored } = await publishEvents(publisher, events)
  for (const period of periods.slice(0, stored)) await noteTold(pool, period)
}
