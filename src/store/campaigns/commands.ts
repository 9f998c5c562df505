import type { Queryable } from '../connection/transaction.ts'

/** What another system asks for under an id of its own. */
export interface CommandClaim {
  readonly source: string
  readonly id: string
  readonly type: string
  /** the order or the user that it is about */
  readonly target: string
  /** of type and data */
  readonly hash: string
}

/** Another command that its source sent under the same id. */
interface EarlierCommand {
  readonly type: string
  readonly target: string
  /** false: what became of it is not known yet */
  readonly done: boolean
}

/**
 * Takes the id of a command for what it asks. Asked again for the same, it is taken again: what comes behind does nothing
 * twice.
 * @returns what has the id, undefined when this command has it
 */
export async function claimCommand(db: Queryable, claim: CommandClaim): Promise<EarlierCommand | undefined> {
  const { source, id, type, target, hash } = claim
  const { rows } = await db.query<EarlierCommand & { hash: string }>({
    name: 'claim-command',
    // the update changes nothing: without it the row that is there is not returned
    text: `insert into commands as known (source, id, type, target, hash) values ($1, $2, $3, $4, $5)
      on conflict on constraint commands_pkey do update set hash = known.hash
      returning type, target, hash, done_at is not null as done`,
    values: [source, id, type, target, hash]
  })
  const [row] = rows
  return row === undefined || row.hash === hash ? undefined : { type: row.type, target: row.target, done: row.done }
}

/** The id stays this command's: it was carried out. */
export async function keepCommand(db: Queryable, claim: CommandClaim): Promise<void> {
  const { source, id, type, target, hash } = claim
  await db.query({
    name: 'keep-command',
    // a row that a rejected copy took away is made again
    text: `insert into commands as known (source, id, type, target, hash, done_at) values ($1, $2, $3, $4, $5, now())
      on conflict on constraint commands_pkey do update set done_at = coalesce(known.done_at, now())
      where known.hash = excluded.hash`,
    values: [source, id, type, target, hash]
  })
}

/** The id is free again: a command that was rejected may come again, corrected. One that was carried out once keeps it. */
export async function releaseCommand(db: Queryable, { source, id, hash }: CommandClaim): Promise<void> {
  await db.query({
    name: 'release-command',
    text: 'delete from commands where source = $1 and id = $2 and hash = $3 and done_at is null',
    values: [source, id, hash]
  })
}
