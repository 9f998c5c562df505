import type { Client } from 'pg'
import type { Config } from '../../config/config.ts'
import { openSession } from './pool.ts'

/** How often the connection sends a query to stay alive, also while nothing is to be stored. */
const BEAT_MS = 1000

/**
 * Runs work while a connection of its own lives; `lost` fires when the connection has ended.
 * @throws the error that ended the connection or the work
 */
export async function withSession(
  config: Config,
  name: string,
  work: (session: Client, lost: AbortSignal) => Promise<void>
): Promise<void> {
  const session = await openSession(config, name)
  const lost = new AbortController()
  let asking = false
  const beat = setInterval(() => {
    if (asking) return
    asking = true
    session.query('select 1').then(
      () => {
        asking = false
      },
      (error: unknown) => lost.abort(error)
    )
  }, BEAT_MS)
  try {
    await work(session, lost.signal)
    lost.signal.throwIfAborted()
  } finally {
    clearInterval(beat)
    await session.end().catch(() => {})
  }
}
