import type { Queryable } from '../connection/transaction.ts'
import { issuedUser } from '../connection/user-name.ts'

/** The request that brought a text. */
interface TextRequest {
  readonly user: string
  /** replay field and hash of the command, as the gate gets them */
  readonly key: string
  readonly hash: string
}

/**
 * Keeps what a user wrote until the decision about it is stored, whose row then takes it over. Call it before the gate decides, so that
 * no decision lacks its text.
 */
export async function keepText(db: Queryable, request: TextRequest & { readonly text: string }): Promise<void> {
  const { user, key, hash, text } = request
  await db.query(
    `insert into user_texts as t (user_id, key, hash, text) values ($1, $2, $3, $4)
     on conflict on constraint user_texts_pkey do update set asking = t.asking + 1, saved_at = now()`,
    [issuedUser(user), key, hash, text]
  )
}

/**
 * Forgets the text of a request that decided nothing. Copies of one request may be under way at once, and one of them may be decided while
 * another one is refused: so the text stays as long as any of them was not refused.
 */
export async function releaseText(db: Queryable, { user, key, hash }: TextRequest): Promise<void> {
  const names = [issuedUser(user), key, hash]
  // two statements, because a row that waits for the other copy's change must be looked at again after it
  const { rowCount } = await db.query(
    'update user_texts set asking = asking - 1 where user_id = $1 and key = $2 and hash = $3 and asking > 1',
    names
  )
  if (rowCount === 0) {
    await db.query('delete from user_texts where user_id = $1 and key = $2 and hash = $3 and asking = 1', names)
  }
}

/**
 * Forgets texts to which no decision came in `days`. (`days` must be longer than any decision may wait for Postgres.)
 * @returns how many were forgotten, a thousand at most
 */
export async function forgetOldTexts(db: Queryable, days: number): Promise<number> {
  const { rowCount } = await db.query(
    `delete from user_texts where ctid = any(array(
       select ctid from user_texts where saved_at < now() - make_interval(days => $1) order by saved_at limit 1000))
       and saved_at < now() - make_interval(days => $1)`,
    [days]
  )
  return rowCount ?? 0
}
