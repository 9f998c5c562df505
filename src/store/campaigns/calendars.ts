import type { Queryable } from '../connection/transaction.ts'

/** A calendar of the deployment; its version is 0 until it was saved, and then rises with each change. */
export interface CalendarRow {
  readonly id: string
  readonly version: number
  /** dates YYYY-MM-DD in order */
  readonly holidays: string[]
  readonly workdays: string[]
  readonly updatedAt: Date
}

const columns = 'calendar_id as id, version, holidays, workdays, updated_at as "updatedAt"'

export async function findCalendar(db: Queryable, id: string): Promise<CalendarRow | undefined> {
  const { rows } = await db.query<CalendarRow>(
    `select ${columns} from calendars where calendar_id = $1 and version > 0`,
    [id]
  )
  return rows[0]
}

/** Locks a calendar until the end of the transaction; makes a row of version 0 where there is none. */
export async function lockCalendar(client: Queryable, id: string): Promise<CalendarRow> {
  await client.query('insert into calendars (calendar_id) values ($1) on conflict (calendar_id) do nothing', [id])
  return only(await client.query(`select ${columns} from calendars where calendar_id = $1 for no key update`, [id]))
}

/** Writes the lists of a calendar as its next version. */
export async function writeCalendar(
  client: Queryable,
  { id, holidays, workdays }: Pick<CalendarRow, 'id'> & { holidays: readonly string[]; workdays: readonly string[] }
): Promise<CalendarRow> {
  return only(
    await client.query(
      `update calendars set version = version + 1, holidays = $2, workdays = $3, updated_at = now()
       where calendar_id = $1 returning ${columns}`,
      [id, holidays, workdays]
    )
  )
}

function only({ rows }: { rows: CalendarRow[] }): CalendarRow {
  const [row] = rows
  if (row === undefined) throw new Error('A calendar that was locked is gone')
  return row
}
