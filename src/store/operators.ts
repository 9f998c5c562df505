import { createHash } from 'node:crypto'
import type pg from 'pg'

/** Roles of people, each able to do what the ones before can, and `service`, which can do what its scopes list. */
export type OperatorRole = 'viewer' | 'operator' | 'admin' | 'service'

/** Who calls on the admin port. */
export interface Operator {
  readonly name: string
  readonly role: OperatorRole
  /** only for services: what they may do, such as `orders:payment` */
  readonly scopes: readonly string[]
}

/** SHA-256 of a token: the form in which it is stored and looked for. */
export function tokenHash(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

/**
 * Creates an operator, or gives the one of this name another role, token and scopes.
 * @throws DatabaseError when another operator has the same token
 */
export async function ensureOperator(
  pool: pg.Pool,
  operator: {
    readonly name: string
    readonly role: OperatorRole
    readonly token: string
    readonly scopes?: readonly string[]
  }
): Promise<void> {
  const { name, role, token, scopes = [] } = operator
  await pool.query(
    `insert into operators (name, role, scopes, token_sha256) values ($1, $2, $3, $4)
     on conflict on constraint operators_pkey
     do update set role = excluded.role, scopes = excluded.scopes, token_sha256 = excluded.token_sha256`,
    [name, role, scopes, tokenHash(token)]
  )
}

/** The operator whose token has this SHA-256. @throws when Postgres does not answer */
export async function findOperator(pool: pg.Pool, hash: Buffer): Promise<Operator | undefined> {
  const { rows } = await pool.query<Operator>('select name, role, scopes from operators where token_sha256 = $1', [
    hash
  ])
  return rows[0]
}
