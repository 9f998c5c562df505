import { setTimeout as delay } from 'node:timers/promises'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { finishArchive } from '../../campaign/lifecycle/archive.ts'
import { waitsForArchive } from '../../campaign/lifecycle/archive-waits.ts'
import { failPoint } from '../../config/fail-points.ts'
import { type RemoveCommand, SYSTEM_USER } from '../../gate/batch/commands.ts'
import type { Decider, Lending, Shards } from '../../gate/gate.ts'
import type { InRedis } from '../../gate/redis/outbox.ts'
import { readForgotten } from '../../gate/redis/state.ts'
import { replayField } from '../../record/replay.ts'
import {
  type ArchivePart,
  type ArchiveRow,
  archiveParts,
  chainDecision,
  clearPage,
  findArchive,
  movePart,
  openParts,
  type PartChange,
  stopArchive
} from '../../store/campaigns/archives.ts'
import { inTransaction } from '../../store/connection/transaction.ts'
import { campaignPlaces } from '../../store/projection/campaign-places.ts'
import { readCheckpoint } from '../../store/projection/checkpoint.ts'
import { isBefore } from '../../store/projection/forgetting.ts'
import type { DecisionPlace } from '../../store/projection/restore.ts'
import { vacuumLive } from '../../store/projection/vacuum.ts'
import { demandVersion, KNOWS } from '../../store/shard/shards.ts'
import { type ChainRequest, markCommand, nextCommand } from './chain.ts'
import { Comparison } from './comparison.ts'
import { withoutLoans } from './without-loans.ts'

interface ArchiveParts extends InRedis {
  readonly pool: Pool
  readonly gate: Decider & Pick<Lending, 'look'> & Pick<Shards, 'numbers'>
  readonly shard: number
  readonly ownerTerm: number
  readonly namespace: string
  readonly logger: Logger
}

/** How long a step may work. The loop pauses as long between two of them, so an archive takes less than a half of a core. */
const BUDGET_MS = 200
/** How long a step waits for the projection of what it asked for, a look at a time. */
const STORED_MS = 1000
const LOOK_MS = 10

/** In these a shard may still stop the archive. */
const BEFORE_REMOVING: ReadonlyArray<ArchivePart['step']> = ['asked', 'comparing', 'compared', 'marking']

/** A step's work is not over, or waits for something (in words). */
type Left = { readonly left: true } | { readonly waitsFor: string }
/** What a step's work makes of the part, or why it is not over. */
type Became = PartChange | Left

const isWaiting = (became: Became): boolean => 'waitsFor' in became

/** What an archive waits for, in words; '' where the campaign may go. */
async function waiting(pool: Pool, campaign: string): Promise<string> {
  const waits = await waitsForArchive(pool, campaign, Date.now())
  return waits.map(({ means, left }) => `${means} (${left})`).join('; ')
}

/**
 * Takes campaigns out of Redis and of the hot tables, in steps of bounded work: the one that was asked for first goes on until it waits
 * for something, and then the next. Each shard's owner does its part, and the last one closes it. Postgres says how far it has come: a
 * worker that dies anywhere begins the last page again, and a decision whose answer was lost is asked for again under its key.
 */
export class ArchiveDriver {
  readonly #parts: ArchiveParts
  readonly #comparison: Comparison
  /** those that were looked at since all were, and could not go on */
  readonly #waiting = new Set<string>()

  constructor(parts: ArchiveParts) {
    this.#parts = parts
    this.#comparison = new Comparison(parts)
  }

  /** Works for a bounded time. @returns the number of campaigns that are being archived and not only forgotten */
  async step(): Promise<number> {
    const { pool, shard } = this.#parts
    const end = performance.now() + BUDGET_MS
    for (;;) {
      const open = await openParts(pool, shard)
      const part = open.find(({ campaign }) => !this.#waiting.has(campaign))
      if (part === undefined) this.#waiting.clear()
      if (part === undefined || performance.now() > end) return open.filter(({ step }) => step !== 'forgetting').length
      const isFirst = open.find(({ step }) => step === 'comparing')?.campaign === part.campaign
      const archive = await findArchive(pool, part.campaign)
      // one that fails holds up no other either
      this.#waiting.add(part.campaign)
      const goesOn = archive !== undefined && (await this.#move(part, await this.#carryOn(part, archive, isFirst)))
      if (goesOn) this.#waiting.delete(part.campaign)
    }
  }

  /** @returns whether there is more to do at once */
  async #move(part: ArchivePart, became: Became): Promise<boolean> {
    if ('left' in became) return true
    const waits = isWaiting(became)
    if (!waits || became.waitsFor !== part.waitsFor) await this.#note(part, became)
    return !waits
  }

  #note(
    part: ArchivePart,
    change: PartChange,
    db: Parameters<typeof movePart>[0] = this.#parts.pool
  ): Promise<boolean> {
    return movePart(db, { part, ownerTerm: this.#parts.ownerTerm }, change)
  }

  #carryOn(part: ArchivePart, archive: ArchiveRow, mayCompare: boolean): Promise<Became> {
    switch (part.step) {
      case 'asked':
        return this.#begin(part)
      case 'comparing':
        return mayCompare
          ? this.#compare(part, archive)
          : Promise.resolve({ waitsFor: 'another archive, which is compared' })
      case 'compared':
        return this.#allow(part, archive)
      case 'marking':
        return this.#mark(part, archive)
      case 'removing':
        return this.#remove(part, archive)
      case 'clearing':
        return this.#clear(part)
      case 'forgetting':
        return this.#afterwards(part)
      default:
        return Promise.resolve({ waitsFor: '' })
    }
  }

  async #stop(campaign: string, reason: string): Promise<Became> {
    const { pool, shard, logger } = this.#parts
    if (await stopArchive(pool, campaign, reason))
      logger.error(
        { alarm: 'ARCHIVE_STOPPED', shard, campaign, reason },
        'an archive goes no further; nothing was removed'
      )
    return { waitsFor: '' }
  }

  /** Notes the campaign's last decision before its file is looked at: one that comes later is not in it. */
  async #begin({ shard, campaign }: ArchivePart): Promise<Became> {
    const last = await this.#lastDecision({ shard, campaign })
    return { step: 'comparing', last: last ?? { epoch: 0, sequence: 0 } }
  }

  async #lastDecision({
    shard,
    campaign
  }: Pick<ArchivePart, 'shard' | 'campaign'>): Promise<DecisionPlace | undefined> {
    const places = await campaignPlaces(this.#parts.pool, campaign)
    return places.find((place) => place.shard === shard)?.last
  }

  async #compare(part: ArchivePart, archive: ArchiveRow): Promise<Became> {
    // one look at the file is for all shards: what a shard decides after it must be after the last decision that it noted
    if (await this.#someAre(part, ['asked'])) return { waitsFor: 'other shards, which begin' }
    const found = await this.#comparison.step(archive, BUDGET_MS)
    switch (found.is) {
      case 'alike':
        return { step: 'compared' }
      case 'other':
        return this.#stop(part.campaign, found.reason)
      case 'behind':
        return { waitsFor: 'the checkpoint, which is far behind' }
      case 'under way':
        return { left: true }
      default:
        return found satisfies never
    }
  }

  /** Whether some shards have come to one of these steps only. */
  async #someAre({ campaign }: ArchivePart, steps: ReadonlyArray<ArchivePart['step']>): Promise<boolean> {
    return (await archiveParts(this.#parts.pool, campaign)).some(({ step }) => steps.includes(step))
  }

  /** Nothing is marked anywhere before every shard has compared. */
  async #allow(part: ArchivePart, { campaign }: ArchiveRow): Promise<Became> {
    const { pool, shard } = this.#parts
    if (await this.#someAre(part, ['asked', 'comparing'])) return { waitsFor: 'other shards, which compare' }
    const waitsFor = await waiting(pool, campaign)
    if (waitsFor !== '') return { waitsFor }
    if (failPoint) await failPoint('A1')
    // a worker that would read the decisions of the chain wrongly must not come after this one
    await demandVersion(pool, shard, KNOWS.removals)
    return { step: 'marking', next: part.next }
  }

  /** Waits until the mark is decided, stored and folded, and looks whether the gate decided something before it. */
  async #mark(part: ArchivePart, archive: ArchiveRow): Promise<Became> {
    const { pool, shard } = this.#parts
    const mark = await withoutLoans(this.#parts, markCommand({ ...part, next: 0 }, archive))
    if ('waitsFor' in mark) return mark
    const marked = await this.#decided({ ...part, next: 0 }, mark)
    if (marked === undefined) return { waitsFor: 'the mark to be stored' }
    if (isBefore(await readCheckpoint(pool, shard), marked))
      return { waitsFor: 'the mark to be folded into the checkpoint' }
    const waitsFor = await waiting(pool, part.campaign)
    if (waitsFor !== '') return { waitsFor }
    const last = await this.#lastDecision(part)
    if (last !== undefined && isBefore(part.last, last))
      return this.#stop(
        part.campaign,
        'Something was decided after the file was written: get it again, and ask with its sha256.'
      )
    return { step: 'removing', next: 1, chain: marked }
  }

  /** One decision after the other, each once the one before is stored; the first once no shard can stop the archive any more. */
  async #remove(part: ArchivePart, archive: ArchiveRow): Promise<Became> {
    const { pool, shard } = this.#parts
    if (part.next === 1 && (await this.#someAre(part, BEFORE_REMOVING))) return { waitsFor: 'other shards, which mark' }
    const known = await this.#stored(part)
    const next = known ? undefined : await nextCommand({ pool, shard }, part, archive)
    if (next !== undefined && !('op' in next)) return { ...next }
    const decided = known ?? (next && (await this.#decided(part, next)))
    if (decided === undefined) return { waitsFor: `decision ${part.next} of its chain to be stored` }
    const { walked, walkedField, users, isLast } = decided.request as unknown as ChainRequest
    const { epoch, sequence } = decided
    const moved = { next: part.next + 1, chain: { epoch, sequence }, walked, walkedField, users: part.users + users }
    await this.#note(part, { ...moved, ...(isLast && { step: 'clearing' }) })
    if (failPoint) await failPoint('A4')
    return { left: true }
  }

  #stored({ campaign, shard, next }: Pick<ArchivePart, 'campaign' | 'shard' | 'next'>) {
    const key = replayField.archive(campaign, next)
    return chainDecision(this.#parts.pool, shard, { user: SYSTEM_USER, key })
  }

  /** Has the gate decide, and waits a while for Postgres; undefined when it does not have it yet. */
  async #decided(part: ArchivePart, command: RemoveCommand) {
    const known = await this.#stored(part)
    if (known !== undefined) return known
    if (failPoint) await failPoint('A2')
    const outcome = await this.#parts.gate.submit(command)
    if (failPoint) await failPoint('A3')
    if (outcome.kind === 'refused') throw new Error(`The gate refused ${command.key}: ${outcome.code}`)
    const end = performance.now() + STORED_MS
    while (performance.now() < end) {
      const stored = await this.#stored(part)
      if (stored !== undefined) return stored
      await delay(LOOK_MS)
    }
    return undefined
  }

  /** Deletes rows once the checkpoint holds that all of it is gone. */
  async #clear(part: ArchivePart): Promise<Became> {
    const { pool, shard } = this.#parts
    if (isBefore(await readCheckpoint(pool, shard), part.chain))
      return { waitsFor: 'the last decision of its chain to be folded into the checkpoint' }
    if (failPoint) await failPoint('A5')
    const cleared = await this.#clearUpTo(part, part.last)
    if (cleared !== 'all') return cleared
    if (failPoint) await failPoint('A8')
    return { step: 'forgetting' }
  }

  /** Marks the campaign once all shards are so far, and deletes the rows of the chain once Redis and the checkpoint have forgotten them. */
  async #afterwards(part: ArchivePart): Promise<Became> {
    if (await finishArchive(this.#parts.pool, part.campaign)) {
      this.#parts.logger.info({ campaign: part.campaign }, 'a campaign was archived')
      await vacuumLive(this.#parts.pool)
    }
    if (failPoint) await failPoint('A9')
    const { forgotten } = await readCheckpoint(this.#parts.pool, this.#parts.shard)
    if (isBefore(forgotten, part.chain)) return { waitsFor: 'KEY_RETENTION, for the chain itself' }
    const cleared = await this.#clearUpTo(part, part.chain)
    if (cleared !== 'all') return cleared
    // pages of an index that became free before can be used from now on
    await vacuumLive(this.#parts.pool)
    return { step: 'done' }
  }

  /** The next page of rows. */
  async #clearUpTo(part: ArchivePart, upTo: DecisionPlace): Promise<'all' | Left> {
    const { pool, ownerTerm } = this.#parts
    if (!isBefore(part.cleared, upTo)) return 'all'
    const forgotten = await readForgotten(this.#parts)
    const moved = await inTransaction(pool, async (client) => {
      const page = await clearPage(client, part, { ownerTerm, upTo, forgotten })
      if (page === undefined) return false
      await this.#note(part, { cleared: page.cleared, decisions: part.decisions + page.deleted }, client)
      if (failPoint) await failPoint('A6')
      return true
    })
    if (failPoint) await failPoint('A7')
    return moved ? { left: true } : { waitsFor: 'its replays to be forgotten everywhere' }
  }
}
