import type { JournalConnection } from './connection.ts'
import { manager, streamInfo } from './streams.ts'

/** Share of its bound at which a journal stream counts as full: what is in flight must still fit. */
const FULL_AT = 0.9
const LOOK_EVERY_MS = 2000

export interface FullnessWatch {
  /** true: the gate decides nothing more, so that nothing is decided which cannot be journaled */
  isFull(): boolean
  stop(): void
}

/**
 * Looks at the size of the stream that frames go to. While NATS does not answer, the last word stands.
 * @param stream name of the current stream, undefined while the gate is closed
 */
export function watchFullness(connection: JournalConnection, stream: () => string | undefined): FullnessWatch {
  let full = false
  let looking = false
  async function look(): Promise<void> {
    const name = stream()
    if (name === undefined || looking || !connection.isUp()) return
    looking = true
    try {
      const info = await streamInfo(await manager(connection), name)
      const most = info?.config.max_bytes ?? 0
      full = info !== undefined && most > 0 && info.state.bytes >= most * FULL_AT
    } finally {
      looking = false
    }
  }
  const timer = setInterval(() => look().catch(() => {}), LOOK_EVERY_MS)
  timer.unref()
  return { isFull: () => full, stop: () => clearInterval(timer) }
}
