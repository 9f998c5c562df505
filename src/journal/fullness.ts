import { messageOf } from '../base/errors.ts'
import type { JournalConnection } from './connection.ts'
import { manager, streamInfo } from './streams.ts'

/** Share of its bound at which a journal stream counts as full: the frames in flight must still fit. */
const FULL_AT = 0.9
const LOOK_EVERY_MS = 2000

export interface FullnessWatch {
  /** true: the gate decides nothing more, because the journal could not take the decision */
  isFull(): boolean
  /** share of its bound that the last stream looked at holds, 0 to 1; undefined before the first look */
  share(): number | undefined
  /** why the last look at the stream failed, '' when it succeeded */
  problem(): string
  stop(): void
}

/**
 * Looks at the size of the stream that frames go to. While NATS does not answer, the last result stays in force.
 * @param stream name of the current stream, undefined while the gate is closed
 */
export function watchFullness(connection: JournalConnection, stream: () => string | undefined): FullnessWatch {
  let share: number | undefined
  let problem = ''
  let looking = false
  async function look(): Promise<void> {
    const name = stream()
    if (name === undefined || looking || !connection.isUp()) return
    looking = true
    try {
      const info = await streamInfo(await manager(connection), name)
      const most = info?.config.max_bytes ?? 0
      share = info && (most > 0 ? info.state.bytes / most : 0)
      problem = info ? '' : `there is no stream ${name}`
    } catch (error) {
      problem = messageOf(error)
    } finally {
      looking = false
    }
  }
  const timer = setInterval(() => void look(), LOOK_EVERY_MS)
  timer.unref()
  return {
    isFull: () => share !== undefined && share >= FULL_AT,
    share: () => share,
    problem: () => problem,
    stop: () => clearInterval(timer)
  }
}
