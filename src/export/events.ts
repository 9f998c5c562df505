import { toEvents } from '../events/cloud-event.ts'
import { decisionId, type Frame, type FrameDecision } from '../journal/frame.ts'
import type { Names } from '../journal/subjects.ts'
import { madeItself, recordedKindOf, recordField } from '../record/entities.ts'
import type { Queryable } from '../store/connection/transaction.ts'
import { type JournalPlace, type JournalRow, lastDecision } from '../store/reading/journal-export.ts'
import type { ExportedPage } from './lines.ts'
import { type GivenArchive, mergedJournal } from './merged.ts'

/** The decision as it stood in its frame: the record goes back to what the decision wrote. */
function frameDecision(row: JournalRow, shard: number): FrameDecision {
  const { type, user, key, campaign, activity, session, entity, request, adds, puts, report, record } = row
  const moved = entity === '' || madeItself(row) ? null : recordedKindOf(type)
  const written = record === '' ? {} : { u: { ...puts.u, [recordField(type, entity)]: record } }
  return {
    seq: row.sequence,
    type,
    user,
    key,
    hash: '',
    campaign,
    activity,
    ...(session !== '' && { session }),
    ...(moved !== null && { [moved]: `${shard}-${entity}` }),
    request,
    report,
    add: adds,
    put: { ...puts, ...written }
  }
}

/**
 * The public events of older decisions, as they stood on the public stream, in the order of the decisions: one CloudEvent
 * a line, page by page.
 * @param options.campaign '' for all
 */
export async function* exportEvents(
  db: Queryable,
  options: {
    readonly names: Names
    readonly shard: number
    readonly campaign: string
    readonly from?: JournalPlace | undefined
    /** archives of campaigns that have left Postgres, which were read whole */
    readonly archives?: readonly GivenArchive[]
  }
): AsyncGenerator<ExportedPage> {
  const { names, shard, campaign, from, archives = [] } = options
  const through = await lastDecision(db, shard)
  if (through === undefined) return
  for await (const page of mergedJournal(
    db,
    { shard, from, through, campaign },
    archives.map(({ path }) => path)
  )) {
    const events = page.flatMap((row) => {
      if (!row.mine) return []
      const { epoch, batch, at_ms: at } = row
      const frame: Frame = { v: 1, shard, epoch, batch, at, decisions: [] }
      return toEvents(frame, frameDecision(row, shard), names).map(({ payload }) => payload)
    })
    yield { text: events.map((event) => `${event}\n`).join(''), lines: events.length }
  }
}

/** A place from a decision id; undefined when it is none of this shard. */
export function placeOf(id: string, shard: number): JournalPlace | undefined {
  const [, epoch = 0, sequence = 0] = /^\d+-(\d+)-(\d+)$/.exec(id)?.map(Number) ?? []
  const place = { epoch, sequence }
  return id === decisionId({ shard, epoch }, sequence) && sequence > 0 ? place : undefined
}
