import type { Queryable } from '../connection/transaction.ts'

/** A change that an operator asks for under a key of theirs. */
export interface AdminRequest {
  readonly operator: string
  readonly key: string
  /** tells this request from others under the same key */
  readonly hash: string
}

/** The answer that was sent, to be sent again. */
interface StoredAnswer {
  readonly status: number
  readonly body: string
  readonly etag?: string | null | undefined
  /** of an uploaded file, else null */
  readonly digest?: string | null | undefined
}

/** `fresh`: nobody has tried it before; `askedAt`: when the key was used first */
export type Claim =
  | { readonly kind: 'claimed'; readonly fresh: boolean; readonly askedAt: Date }
  | ({ readonly kind: 'answered' } & StoredAnswer)
  /** what was answered is not known any more */
  | { readonly kind: 'forgotten'; readonly askedAt: Date }
  | { readonly kind: 'busy' }
  | { readonly kind: 'reused' }

interface Row {
  readonly hash: string
  readonly askedAt: Date
  readonly status: number | null
  readonly body: string | null
  readonly etag: string | null
  readonly digest: string | null
}

/** Takes a request, when it has no answer and nobody else works on it, for `leaseMs`: after that a process that died has lost it. */
export async function claimRequest(db: Queryable, request: AdminRequest, leaseMs: number): Promise<Claim> {
  const { operator, key, hash } = request
  const claimed = await db.query<{ fresh: boolean; askedAt: Date }>(
    `insert into admin_requests as r (operator, key, hash, claimed_until)
     values ($1, $2, $3, now() + $4 * interval '1 millisecond')
     on conflict on constraint admin_requests_pkey do update set claimed_until = excluded.claimed_until
       where r.hash = excluded.hash and r.status is null and r.claimed_until <= now()
     returning xmax = 0 as fresh, asked_at as "askedAt"`,
    [operator, key, hash, leaseMs]
  )
  const [mine] = claimed.rows
  if (mine !== undefined) return { kind: 'claimed', ...mine }
  const { rows } = await db.query<Row>(
    'select hash, asked_at as "askedAt", status, body, etag, digest from admin_requests where operator = $1 and key = $2',
    [operator, key]
  )
  const [row] = rows
  // the row was deleted between the two statements: the client's next attempt decides
  if (row === undefined) return { kind: 'busy' }
  if (row.hash !== hash) return { kind: 'reused' }
  const { status, body, etag, digest, askedAt } = row
  if (body === '') return { kind: 'forgotten', askedAt }
  return status === null || body === null ? { kind: 'busy' } : { kind: 'answered', status, body, etag, digest }
}

/** Keeps the answer of a request that was carried out; the first answer stays. */
export async function answerRequest(db: Queryable, request: AdminRequest, answer: StoredAnswer): Promise<void> {
  const { status, body, etag = null, digest = null } = answer
  await db.query(
    `update admin_requests set status = $3, body = $4, etag = $5, digest = $6
     where operator = $1 and key = $2 and status is null`,
    [request.operator, request.key, status, body, etag, digest]
  )
}

/** Lets any process take the request again, because nobody knows how far it came. */
export async function releaseRequest(db: Queryable, { operator, key }: AdminRequest): Promise<void> {
  await db.query(
    'update admin_requests set claimed_until = now() where operator = $1 and key = $2 and status is null',
    [operator, key]
  )
}

/** Forgets a refused request: its key is free. */
export async function forgetRequest(db: Queryable, { operator, key }: AdminRequest): Promise<void> {
  await db.query('delete from admin_requests where operator = $1 and key = $2 and status is null', [operator, key])
}

/**
 * Forgets what was answered more than `keepSeconds` ago; the keys are used for good: changes and jobs know them for good too, and so does whoever
 * asked. A thousand at most. @returns how many
 */
export async function forgetOldAnswers(db: Queryable, keepSeconds: number): Promise<number> {
  const { rowCount } = await db.query(
    `update admin_requests set body = '', etag = null, digest = null where ctid = any(array(
       select ctid from admin_requests
       where asked_at < now() - $1 * interval '1 second' and body <> '' order by asked_at limit 1000)) and body <> ''`,
    [keepSeconds]
  )
  return rowCount ?? 0
}
