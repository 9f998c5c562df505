import { createHash } from 'node:crypto'
import type pg from 'pg'
import { inTransaction, type Queryable } from '../connection/transaction.ts'
import { recordAudit } from './audit.ts'

/** Roles of people, each with the rights of those before it, and `service`, whose rights are listed by its scopes. */
export const operatorRoles = ['viewer', 'operator', 'admin', 'service'] as const
export type OperatorRole = (typeof operatorRoles)[number]

/** Every right that a service can have. An operator can give a scope that no route uses yet. */
export const serviceScopes = [
  'tasks:progress',
  'games:results',
  'shares:verification',
  'users:registration',
  'comments:moderation',
  'units:import',
  'pools:load',
  'grants:create',
  'orders:read',
  'orders:payment',
  'orders:cancellation',
  'orders:shipment',
  'orders:return',
  'wins:read',
  'wins:revocation',
  'wins:address',
  'wins:fulfilment',
  'health:read'
] as const
export type ServiceScope = (typeof serviceScopes)[number]

/** The identity of whoever calls on the admin port. */
export interface Operator {
  readonly name: string
  readonly role: OperatorRole
  /** only for services: their rights, such as `orders:payment` */
  readonly scopes: readonly string[]
}

/** An operator in a list, whether or not their token works. */
export interface OperatorRow extends Operator {
  readonly createdAt: Date
  readonly expiresAt: Date | null
  readonly revokedAt: Date | null
}

interface NewOperator {
  readonly name: string
  readonly role: OperatorRole
  readonly token: string
  readonly scopes?: readonly string[]
  /** absent: for ever */
  readonly expiresAt?: Date | undefined
}

/** Who made the change, on which command line, and why. */
interface By {
  readonly by: string
  readonly reason?: string | undefined
}

const columns = 'name, role, scopes, created_at as "createdAt", expires_at as "expiresAt", revoked_at as "revokedAt"'
/** The condition on rows of `operators` that their token works. */
export const works = 'revoked_at is null and (expires_at is null or expires_at > now())'

/** SHA-256 of a token: the only form in which it is stored and looked up. */
export function tokenHash(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

/**
 * Creates an operator, or gives the one of this name another role, token and scopes; a revoked one works again.
 * @throws DatabaseError when another operator has the same token
 */
export async function ensureOperator(pool: Queryable, operator: NewOperator): Promise<void> {
  const { name, role, token, scopes = [], expiresAt } = operator
  await pool.query(
    `insert into operators (name, role, scopes, token_sha256, expires_at) values ($1, $2, $3, $4, $5)
     on conflict on constraint operators_pkey
     do update set role = excluded.role, scopes = excluded.scopes, token_sha256 = excluded.token_sha256,
       expires_at = excluded.expires_at, revoked_at = null`,
    [name, role, scopes, tokenHash(token), expiresAt ?? null]
  )
}

/** Every operator whose token works, by its SHA-256 in base64url. @throws the error of Postgres when it does not answer */
export async function operatorsByToken(pool: Queryable): Promise<ReadonlyMap<string, Operator>> {
  const { rows } = await pool.query<Operator & { readonly hash: Buffer }>(
    `select name, role, scopes, token_sha256 as hash from operators where ${works}`
  )
  return new Map(rows.map(({ hash, ...operator }) => [hash.toString('base64url'), operator]))
}

/** All operators by name, with those whose tokens no longer work. */
export async function listOperators(pool: Queryable): Promise<OperatorRow[]> {
  const { rows } = await pool.query<OperatorRow>(`select ${columns} from operators order by name`)
  return rows
}

/** How many people can work on the admin port now, and how many of them may approve and publish. */
export async function countPeople(pool: Queryable): Promise<{ people: number; admins: number }> {
  const { rows } = await pool.query<{ people: number; admins: number }>(
    `select count(*)::int as people, (count(*) filter (where role = 'admin'))::int as admins
     from operators where role <> 'service' and ${works}`
  )
  return rows[0] ?? { people: 0, admins: 0 }
}

/** The advice where nobody can use the admin port. */
export const howToAdd =
  'Make two, since nobody approves their own campaign: npx floodgate operator add NAME --role admin'

const auditedFields = ({ role, scopes, expiresAt, revokedAt }: OperatorRow) => ({ role, scopes, expiresAt, revokedAt })

/** Changes one operator under its lock, and records it in the audit trail. @returns undefined when `change` changes nothing */
function changeOperator(
  pool: pg.Pool,
  step: { name: string; action: string } & By,
  change: (client: Queryable, before: OperatorRow | undefined) => Promise<boolean>
): Promise<OperatorRow | undefined> {
  const { name, action, by, reason } = step
  const read = async (client: Queryable) =>
    (await client.query<OperatorRow>(`select ${columns} from operators where name = $1 for update`, [name])).rows[0]
  return inTransaction(pool, async (client) => {
    const before = await read(client)
    if (!(await change(client, before))) return undefined
    const after = await read(client)
    if (after === undefined) throw new Error(`The operator ${name} was written and is not there`)
    await recordAudit(client, {
      operator: by,
      action,
      target: `operator:${name}`,
      reason,
      before: before && auditedFields(before),
      after: auditedFields(after)
    })
    return after
  })
}

/** Adds a new operator, or one that was revoked. @returns undefined when one of this name is there and not revoked */
export function addOperator(pool: pg.Pool, operator: NewOperator, by: By): Promise<OperatorRow | undefined> {
  return changeOperator(pool, { name: operator.name, action: 'operator.added', ...by }, async (client, before) => {
    if (before !== undefined && before.revokedAt === null) return false
    await ensureOperator(client, operator)
    return true
  })
}

/**
 * Gives an operator another token; the earlier one stops working. Without `expiresAt` it works until the same moment as before.
 * @returns undefined when there is no such operator, or their time is over and no other was given
 */
export function rotateOperator(
  pool: pg.Pool,
  { name, token, expiresAt }: Pick<NewOperator, 'name' | 'token' | 'expiresAt'>,
  by: By
): Promise<OperatorRow | undefined> {
  return changeOperator(pool, { name, action: 'operator.rotated', ...by }, async (client, before) => {
    if (before === undefined || before.revokedAt !== null) return false
    const until = expiresAt ?? before.expiresAt
    if (until !== null && until.getTime() <= Date.now()) return false
    await client.query('update operators set token_sha256 = $2, expires_at = $3 where name = $1', [
      name,
      tokenHash(token),
      until
    ])
    return true
  })
}

/** Revokes an operator. @returns undefined when there is none; an operator who is already revoked stays so */
export function revokeOperator(pool: pg.Pool, name: string, by: By): Promise<OperatorRow | undefined> {
  return changeOperator(pool, { name, action: 'operator.revoked', ...by }, async (client, before) => {
    if (before === undefined) return false
    await client.query('update operators set revoked_at = coalesce(revoked_at, now()) where name = $1', [name])
    return true
  })
}
