import type { Queryable } from '../connection/transaction.ts'

/** The lock that every living worker shares, for as long as its connection lives. */
const lockOf = (namespace: string) => `${namespace} workers`

/** Counts this connection as a worker until it ends. */
export async function joinWorkers(session: Queryable, namespace: string): Promise<void> {
  await session.query('select pg_advisory_lock_shared(hashtextextended($1, 3))', [lockOf(namespace)])
}

/** How many workers live: a process that dies counts no more as soon as Postgres sees its connection end. */
export async function countWorkers(session: Queryable, namespace: string): Promise<number> {
  const { rows } = await session.query<{ living: number }>(
    `select count(*)::int as living from pg_locks
     where locktype = 'advisory' and granted and objsubid = 1
       and database = (select oid from pg_database where datname = current_database())
       and (classid::bigint << 32) | objid::bigint = hashtextextended($1, 3)`,
    [lockOf(namespace)]
  )
  return rows[0]?.living ?? 0
}
