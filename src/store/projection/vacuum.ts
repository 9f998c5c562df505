import type { Pool } from 'pg'
import { systemCodeOf } from '../../base/errors.ts'

/** How long it may take, in ms. What is left is done by Postgres itself, some day. */
const MOST_MS = 30_000
const CANCELED = '57014'

/**
 * Makes the room of rows that have gone free for those that come, in the tables of what is live: Postgres would do it within a minute at best,
 * and the tables would be as large as several campaigns. Nothing waits for it but the caller.
 */
export async function vacuumLive(pool: Pool): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query(`set statement_timeout = ${MOST_MS}`)
    await client.query('vacuum (skip_locked) decisions, frames, checkpoint_rows, stock, balances')
  } catch (error) {
    if (systemCodeOf(error) !== CANCELED) throw error
  } finally {
    // the next one on this connection gives up as always
    client.release(true)
  }
}
