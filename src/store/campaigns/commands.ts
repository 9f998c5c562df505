import type { Queryable } from '../connection/transaction.ts'

/** A command of another system, under an id that this system chose. */
export interface CommandClaim {
  readonly source: string
  readonly id: string
  readonly type: string
  /** the order or the user that the command is about */
  readonly target: string
  /** of type and data */
  readonly hash: string
}

/** Another command that the same source sent under the same id. */
interface EarlierCommand {
  readonly type: string
  readonly target: string
  /** false: its result is not known yet */
  readonly done: boolean
}

/**
 * Takes the id of a command for its content. A second call with the same content takes it again: the steps after it have no
 * effect twice.
 * @returns the other command that has the id, undefined when this command has it
 */
export async function claimCommand(db: Queryable, claim: CommandClaim): Promise<EarlierCommand | undefined> {
  const { source, id, type, target, hash } = claim
  const { rows } = await db.query<EarlierCommand & { hash: string }>({
    name: 'claim-command',
    // the update changes nothing, but without it the statement would not return the existing row
    text: `insert into commands as known (source, id, type, target, hash) values ($1, $2, $3, $4, $5)
      on conflict on constraint commands_pkey do update set hash = known.hash
      returning type, target, hash, done_at is not null as done`,
    values: [source, id, type, target, hash]
  })
  const [row] = rows
  return row === undefined || row.hash === hash ? undefined : { type: row.type, target: row.target, done: row.done }
}

/** Keeps the id for this command, because the command was carried out. */
export async function keepCommand(db: Queryable, claim: CommandClaim): Promise<void> {
  const { source, id, type, target, hash } = claim
  await db.query({
    name: 'keep-command',
    // makes the row again when a copy of the command, which was rejected, has deleted it
    text: `insert into commands as known (source, id, type, target, hash, done_at) values ($1, $2, $3, $4, $5, now())
      on conflict on constraint commands_pkey do update set done_at = coalesce(known.done_at, now())
      where known.hash = excluded.hash`,
    values: [source, id, type, target, hash]
  })
}

/** Frees the id, so that a rejected command can be sent again, corrected. A command that was carried out keeps its id. */
export async function releaseCommand(db: Queryable, { source, id, hash }: CommandClaim): Promise<void> {
  await db.query({
    name: 'release-command',
    text: 'delete from commands where source = $1 and id = $2 and hash = $3 and done_at is null',
    values: [source, id, hash]
  })
}
