import type { Pool, PoolClient } from 'pg'
import { fromStore } from '../../base/deadline.ts'

/** A pool, or a client inside a transaction. */
export type Queryable = Pick<Pool, 'query'>

/**
 * Runs work inside one transaction of a client and commits it; an error rolls everything back.
 * @throws the error of the work or of the connection
 */
export async function transaction<T>(client: PoolClient, work: () => Promise<T>): Promise<T> {
  await client.query('begin')
  try {
    const result = await work()
    await client.query('commit')
    return result
  } catch (error) {
    // when the rollback fails too, the connection is gone and its transaction with it
    await client.query('rollback').catch(() => undefined)
    throw error
  }
}

/** As `transaction`, on a client of its own. A client whose work failed is not used again. */
export async function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  try {
    const result = await transaction(client, () => work(client))
    client.release()
    return result
  } catch (error) {
    client.release(true)
    throw error
  }
}

/** Reads what was there at one moment, whatever is committed meanwhile; nothing can be written. */
export function inSnapshot<T>(pool: Pool, read: (client: PoolClient) => Promise<T>): Promise<T> {
  return inTransaction(pool, async (client) => {
    await client.query('set transaction isolation level repeatable read, read only')
    return read(client)
  })
}

/** @throws UnavailableError when the pool has no client in time; a connection that comes later goes back to the pool */
async function connectInTime(pool: Pool): Promise<PoolClient> {
  const connecting = pool.connect()
  try {
    return await fromStore(connecting)
  } catch (error) {
    void connecting.then(
      (late) => late.release(),
      () => {}
    )
    throw error
  }
}

/**
 * Runs work that is to leave nothing in Postgres: what it writes it can read itself, and then it is rolled back.
 * @throws UnavailableError when Postgres does not begin in time; the error of the work
 */
export async function rolledBack<T>(pool: Pool, work: (db: PoolClient) => Promise<T>): Promise<T> {
  const client = await connectInTime(pool)
  let broken = true
  try {
    await fromStore(client.query('begin'))
    return await work(client)
  } finally {
    // a connection that does not answer is closed, and its transaction with it
    await fromStore(client.query('rollback')).then(
      () => {
        broken = false
      },
      () => {}
    )
    client.release(broken)
  }
}

/** A transaction whose work is done step by step, between `beginInTime` and `end`. */
interface BegunTransaction {
  readonly client: PoolClient
  /** @throws the error of the connection */
  commit(): Promise<void>
  /** Releases the client. If the transaction was not committed, it is rolled back and the client is not used again. */
  end(): void
}

/**
 * Begins a transaction for work outside of Postgres that must not start unless Postgres can record it.
 * @throws UnavailableError when Postgres does not begin one in time
 */
export async function beginInTime(pool: Pool): Promise<BegunTransaction> {
  const client = await connectInTime(pool)
  let broken = true
  const end = () => client.release(broken)
  try {
    await fromStore(client.query('begin'))
  } catch (error) {
    end()
    throw error
  }
  return {
    client,
    async commit() {
      await client.query('commit')
      broken = false
    },
    end
  }
}
