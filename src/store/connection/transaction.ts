import type { Pool, PoolClient } from 'pg'

/** A pool, or a client inside a transaction. */
export type Queryable = Pick<Pool, 'query'>

/**
 * Runs work inside one transaction of a client and commits what it did; an error rolls everything back.
 * @throws what the work or the connection throws
 */
export async function transaction<T>(client: PoolClient, work: () => Promise<T>): Promise<T> {
  await client.query('begin')
  try {
    const result = await work()
    await client.query('commit')
    return result
  } catch (error) {
    // where this fails too the connection is gone, and its transaction with it
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
