import type { JetStreamManager } from 'nats'
import type { Pool } from 'pg'
import { streamInfo } from '../../journal/streams.ts'
import type { Names } from '../../journal/subjects.ts'
import { type FrameRowPlace, pruneFrames } from '../../store/projection/frame-rows.ts'
import { advanceComplete } from '../../store/shard/openings.ts'
import { demandVersion, KNOWS, listOpenings } from '../../store/shard/shards.ts'

interface PrunerParts {
  readonly pool: Pool
  readonly jsm: JetStreamManager
  readonly names: Names
  readonly shard: number
  readonly ownerTerm: number
}

/** Rows of one statement, and how long one step may take: the janitor comes twice a minute. */
const PAGE = 2000
const BUDGET_MS = 500

const START: FrameRowPlace = { epoch: 0, batch: 0 }

/**
 * Deletes rows of frames behind the archive, so that their table is as large as that of the decisions. Each step looks at a stretch of the
 * table and the next one goes on behind it, because rows that must stay may come first.
 */
export class FramePruner {
  readonly #parts: PrunerParts
  #after = START

  constructor(parts: PrunerParts) {
    this.#parts = parts
  }

  /** @returns how many rows are gone */
  async step(): Promise<number> {
    const { pool, shard, ownerTerm } = this.#parts
    const held = await this.#held()
    // the last frames of an opening are stored after its owner looked last
    for (const { epoch } of held) await advanceComplete(pool, shard, epoch)
    const end = performance.now() + BUDGET_MS
    let all = 0
    do {
      const { found, gone, last } = await pruneFrames(pool, shard, { after: this.#after, most: PAGE, held, ownerTerm })
      // first of all no older worker may own the shard; the rows go in the next step, by when one that was taking it has it
      if (found > gone) {
        await demandVersion(pool, shard, KNOWS.framesGone)
        return all
      }
      all += gone
      this.#after = last ?? START
    } while (this.#after !== START && performance.now() < end)
    return all
  }

  /** A stream that should be there and is not counts as whole: it may only be away. */
  async #held(): Promise<Array<{ epoch: number; first: number }>> {
    const { pool, jsm, names, shard } = this.#parts
    const openings = await listOpenings(pool, shard)
    return Promise.all(
      openings.map(async ({ epoch }) => {
        const info = await streamInfo(jsm, names.journalStream(shard, epoch))
        return { epoch, first: info?.state.first_seq ?? 0 }
      })
    )
  }
}
