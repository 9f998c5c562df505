import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from 'pg'
import { SYSTEM_USER } from '../../gate/batch/commands.ts'
import { OpeningScripts } from '../../gate/redis/opening-scripts.ts'
import { areOurs } from '../../gate/redis/scripts.ts'
import { isJournalAway, tell } from '../../journal/connection.ts'
import type { Frame } from '../../journal/frame.ts'
import { streamInfo } from '../../journal/streams.ts'
import { isPart } from '../../record/decisions.ts'
import { checkpointStep } from '../../recovery/checkpoint/checkpoint-step.ts'
import { missingFor } from '../../recovery/open/readiness.ts'
import { recover } from '../../recovery/open/recover.ts'
import { completeOpened } from '../../store/shard/opened.ts'
import { noteWaiting, readShard, takeShard } from '../../store/shard/shards.ts'
import { shardLoops } from '../drivers/all.ts'
import { Projector } from '../projection/projector.ts'
import { gather } from '../running/gather.ts'
import { Bell, type Loop, pause, ReopenError, runLoops } from '../running/loop.ts'
import type { News } from '../running/news.ts'
import { loop, spreadLoop } from '../running/pace.ts'
import { GateAnswers } from './gate-answers.ts'
import { HoldDriver } from './holds.ts'
import { createRelay, janitorLoops, tidy, trimCommitted } from './housekeeping.ts'
import type { OwnerOptions } from './owner-options.ts'
import { ReadFirst } from './read-first.ts'
import { readUp } from './read-up.ts'
import { Reconciler } from './reconciler.ts'
import { RecoveryError, whyFailed } from './recovery-error.ts'
import { lookAtShard, type SeenEnd } from './sight.ts'

/** The pause between two checks whether a shard can be opened. */
const LOOK_MS = 1000
const LOOKS_BEFORE_ALARM = 3

function ring({ stored, drawn }: News, frames: readonly Frame[]): void {
  stored.ring()
  if (frames.some(({ decisions }) => decisions.some(({ type }) => isPart(type)))) drawn.ring()
}

/** Works on one shard while a Postgres session holds its lock. */
export class ShardOwner {
  readonly #options: OwnerOptions
  readonly #session: Client
  readonly #projector: Projector
  readonly #term: number
  #scripts: OpeningScripts | undefined
  #caughtUp = false
  #seenEnd: SeenEnd | undefined
  /** gateways ring it when they find the gate closed */
  readonly #closed = new Bell()
  readonly #gate: GateAnswers

  private constructor(options: OwnerOptions, taken: { session: Client; term: number; projector: Projector }) {
    this.#options = options
    this.#gate = new GateAnswers(options.parts, this.#closed)
    this.#session = taken.session
    this.#term = taken.term
    this.#projector = taken.projector
  }

  /** undefined while another session holds the shard. */
  static async take(options: OwnerOptions, session: Client): Promise<ShardOwner | undefined> {
    const { parts, namespace, names, journal, traces, logger } = options
    const term = await takeShard(session, namespace, parts.shard)
    if (term === undefined) return undefined
    const row = await readShard(session, parts.shard)
    if (!row) return undefined
    await completeOpened(session, parts.shard, SYSTEM_USER)
    let owner: ShardOwner | undefined
    const projector = new Projector(
      {
        session,
        shard: parts.shard,
        ownerTerm: term,
        names,
        openReader: (stream, from) => journal.reader(stream, from),
        committed: (frames) => {
          options.lacks.meet(frames)
          ring(options.news, frames)
          const scripts = owner === undefined ? undefined : owner.#scripts
          // the next tidy settles and deletes what this leaves
          if (scripts) trimCommitted(scripts, parts.prefix, frames).catch(() => {})
        },
        violated: () => options.news.held.ring(),
        traces,
        logger
      },
      row.position
    )
    owner = new ShardOwner(options, { session, term, projector })
    options.report.owns(term)
    return owner
  }

  /** Opens the shard if needed, then works on it until the signal fires or a vital loop fails. */
  async run(signal: AbortSignal): Promise<void> {
    const { parts, names } = this.#options
    const closed = parts.connection.nc.subscribe(names.gateSubject(parts.shard, 'closed'), {
      callback: () => this.#closed.ring()
    })
    try {
      await this.#work(signal)
    } finally {
      closed.unsubscribe()
      void this.#projector.close() // not awaited: NATS may be what is away
    }
  }

  async #work(signal: AbortSignal): Promise<void> {
    this.#scripts = await this.#openingAlive()
    while (!signal.aborted) {
      this.#scripts ??= await this.#recover(signal)
      if (!this.#scripts) break
      try {
        await runLoops(this.#loops(this.#scripts), signal, (name, error) =>
          this.#options.logger.warn({ err: error, loop: name }, `${name} failed; it is tried again`)
        )
      } catch (error) {
        if (!(error instanceof ReopenError)) throw error
        this.#options.logger.warn({ reason: error.message }, 'the shard must be opened again')
        if (error.isPlanned) await this.#readUp(this.#scripts.epoch)
        this.#scripts = undefined
      }
    }
    await this.#projector.close()
  }

  #readUp(epoch: number): Promise<void> {
    return readUp(epoch, { ...this.#options, shard: this.#options.parts.shard, projector: this.#projector })
  }

  /** undefined when the signal fired before all parts that a recovery needs were there */
  async #recover(signal: AbortSignal): Promise<OpeningScripts | undefined> {
    const { parts, jsm, names, streams, logger } = this.#options
    this.#options.report.say({ projecting: { ok: false, detail: 'the shard is being opened' } })
    const recovery = {
      ...parts,
      session: this.#session,
      ownerTerm: this.#term,
      jsm,
      names,
      streams,
      projector: this.#projector,
      logger
    }
    if (!(await this.#untilPossible(signal, () => missingFor(recovery)))) return undefined
    try {
      const { scripts, caughtUp } = await recover(recovery)
      this.#caughtUp = caughtUp
      tell(parts.connection, names.gateSubject(parts.shard, 'open'))
      return scripts
    } catch (error) {
      const why = whyFailed(error)
      await this.#noteWaiting(`the next try, for the last one ended: ${why}`).catch(() => {})
      throw new RecoveryError(`The shard could not be opened: ${why}`, { cause: error })
    }
  }

  /** Waits, and writes the reason to the log and to the shard's row; false when the signal fired first. */
  async #untilPossible(signal: AbortSignal, missing: () => Promise<string | undefined>): Promise<boolean> {
    let logged = ''
    for (let looks = 0; !signal.aborted; looks += 1) {
      const waitingFor = (await missing()) ?? ''
      if (waitingFor === '') return true
      if (waitingFor !== logged) {
        this.#options.logger.warn({ waitingFor }, 'the shard is opened as soon as it can be')
        await this.#noteWaiting(waitingFor)
        logged = waitingFor
      }
      // a part that only restarts is back by then
      if (looks === LOOKS_BEFORE_ALARM)
        this.#options.logger.error({ alarm: 'RECOVERY_WAITS', waitingFor }, 'the shard cannot be opened')
      await pause(LOOK_MS, signal)
    }
    return false
  }

  #noteWaiting(waitingFor: string): Promise<void> {
    const { parts } = this.#options
    return noteWaiting(this.#session, { shard: parts.shard, ownerTerm: this.#term, waitingFor })
  }

  /** The opening in Postgres, if its gate answers, its stream exists and its scripts are this version's: then no recovery is needed. */
  async #openingAlive(): Promise<OpeningScripts | undefined> {
    const { parts } = this.#options
    const row = await readShard(this.#session, parts.shard)
    if (row?.state !== 'open') return undefined
    if (!areOurs(row, parts.prefix)) {
      this.#options.logger.warn({ epoch: row.epoch }, 'the shard was opened with the scripts of another version')
      await this.#readUp(row.epoch)
      return undefined
    }
    const scripts = new OpeningScripts(parts.caller, {
      prefix: parts.prefix,
      epoch: row.epoch,
      replid: row.replid,
      shas: { ...row.shas }
    })
    try {
      await this.#probe(scripts)
    } catch (error) {
      if (error instanceof ReopenError) return undefined
      throw error
    }
    return scripts
  }

  /** Is this opening alive: a real gate call, and its stream. @throws ReopenError */
  async #probe(scripts: OpeningScripts): Promise<void> {
    const { parts, pool, jsm, names } = this.#options
    if (!(await this.#gate.ask(scripts))) return
    // if Postgres is away the projection notices it
    const row = await readShard(pool, parts.shard).catch(() => undefined)
    if (row && row.state !== 'open') throw new ReopenError('Postgres says closed', { isPlanned: true })
    // a NATS that is away is no reason to reopen; a NATS without the stream is one
    const stream = names.journalStream(parts.shard, scripts.epoch)
    // read before NATS is asked: meanwhile the projection may move beyond the answer, which is no loss
    const { position } = this.#projector
    const info = await streamInfo(jsm, stream).catch(() => 'away' as const)
    if (info === undefined) throw new ReopenError(`the stream ${stream} is gone`)
    if (info !== 'away' && position.epoch === scripts.epoch && info.state.last_seq < position.sequence) {
      throw new ReopenError(`the stream ${stream} ends before what Postgres has read of it`)
    }
    if (info !== 'away') {
      this.#seenEnd = { end: { epoch: scripts.epoch, sequence: info.state.last_seq }, at: performance.now() }
    }
  }

  #loops(scripts: OpeningScripts): Loop[] {
    const { parts, pool, jsm, names, keepSeconds, keyRetentionSeconds, streams, pauses, logger, report } = this.#options
    const { shard } = parts
    const janitor = { pool, jsm, names, shard, epoch: scripts.epoch, keepSeconds, streams, logger }
    const first = new ReadFirst({ pool, jsm, names, shards: this.#options.gate.numbers })
    const holds = new HoldDriver({ pool, shard, pauses, logger })
    const repair = { scripts, mends: this.#caughtUp }
    const reconciler = new Reconciler({ ...parts, pool, jsm, names }, { ...repair, logger, holds })
    const fold = checkpointStep({ ...parts, pool, scripts, logger }, keyRetentionSeconds * 1000)
    const { share, news } = this.#options
    const sight = {
      ...parts,
      report,
      seenEnd: () => this.#seenEnd,
      projection: () => this.#projector.position,
      events: this.#options.eventsPlace,
      comparedAt: () => reconciler.comparedAt
    }
    const comparing = () => (reconciler.isMending ? 1 : share.spread)
    return [
      loop(['health', 1000], () => lookAtShard(sight)),
      { name: 'projection', everyMs: 0, vital: true, run: () => this.#project(scripts.epoch) },
      { name: 'probe', everyMs: 1000, vital: true, bell: this.#closed, run: () => this.#probe(scripts) },
      loop(['relay', 250], createRelay(parts)),
      loop(['tidy', 3000], () => tidy({ ...parts, pool, scripts })),
      ...shardLoops({ ...this.#options, ...parts, ownerTerm: this.#term, first }),
      loop(['holds', 500, 2000, news.held], () => holds.step()),
      spreadLoop(['reconciliation', 1000, 3000, news.stored], comparing, () => reconciler.step()),
      spreadLoop(['checkpoint', 1000, 4000, news.stored], () => share.spread, fold),
      ...janitorLoops(janitor, this.#term)
    ]
  }

  /** Waits while NATS is away; an error of Postgres or a gap ends the ownership. */
  async #project(epoch: number): Promise<void> {
    try {
      const projected = await this.#projector.step(epoch, 1000)
      await gather(this.#projector, { frames: projected, spread: this.#options.share.spread })
    } catch (error) {
      if (!isJournalAway(error)) throw error
      await this.#projector.close()
      await delay(250)
    }
  }
}
