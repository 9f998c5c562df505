import type { Cast } from './cast.ts'
import { PUBLIC_STREAM, PUBLIC_SUBJECT } from './parts/frame.ts'
import { shardKeys } from './parts/gate/gate-state.ts'
import type { Process } from './scheduler.ts'
import { calm, type RedisServer, type World } from './world.ts'

type Part = 'redis' | 'nats' | 'postgres'

/** What can be done to the parts of a run, within what docs/guarantees.md promises to survive. */
export class Damage {
  readonly world: World
  readonly #cast: Cast
  readonly #single: boolean
  #healed = false
  /** data was lost and the shard not opened since */
  #loss: { readonly part: Part; readonly epoch: number } | undefined

  /** @param single one part loses data at a time, as docs/guarantees.md promises; otherwise any, but never the last copy */
  constructor(world: World, cast: Cast, single: boolean) {
    this.world = world
    this.#cast = cast
    this.#single = single
  }

  /** Everything works again. */
  heal(): void {
    const { world } = this
    this.#healed = true
    world.rates = calm
    world.onPoint = undefined
    world.keepsAll = false
    world.nats.isFull = false
    world.redis.node.failing = undefined
    world.network.wire.weight = 1
    world.scheduler.tickMs = 1
    for (const server of [world.redis, world.natsServer, world.postgresServer]) {
      server.paused = false
      server.weight = 1
      server.up = true
    }
    for (const process of world.scheduler.processes) {
      process.paused = false
      process.weight = 1
      world.reconnect(process)
      if (!process.alive) this.#cast.restart(process)
    }
    world.trace('healed')
  }

  anyProcess(): Process {
    return this.world.scheduler.pick(this.#cast.processes)
  }

  anyWorker(): Process {
    return this.world.scheduler.pick(this.#cast.workers)
  }

  kill(process: Process): void {
    const { scheduler } = this.world
    if (!process.alive || !this.#cast.processes.includes(process)) return
    scheduler.kill(process)
    process.paused = false
    this.world.abandonAll(process)
    this.#later(() => {
      if (!process.alive) this.#cast.restart(process)
    })
  }

  pause(process: Process): void {
    if (!this.#cast.processes.includes(process)) return
    process.paused = true
    // the server lets a silent session go
    if (this.world.scheduler.chance(0.6)) this.#later(() => process.paused && this.world.abandonAll(process))
    // some stay until the heal
    if (this.world.scheduler.chance(0.2)) return
    this.#later(() => {
      process.paused = false
    }, 4)
  }

  endSessions(): void {
    this.world.abandonAll(this.anyWorker())
  }

  pauseServer(server: { paused: boolean }): void {
    server.paused = true
    this.#later(
      () => {
        server.paused = false
      },
      this.world.scheduler.pick([1, 1, 5])
    )
  }

  fillNats(): void {
    const { nats, scheduler } = this.world
    nats.isFull = true
    this.#later(
      () => {
        nats.isFull = false
      },
      scheduler.pick([1, 3])
    )
  }

  failScript(names: readonly string[]): void {
    const { redis, scheduler } = this.world
    redis.node.failing = { names, writes: scheduler.draw(12) }
  }

  restart(server: { up: boolean; incarnation: number; paused: boolean }): void {
    server.up = false
    server.paused = false
    server.incarnation += 1
    this.#later(() => {
      server.up = true
    })
  }

  restartRedis(data: 'newest' | 'older' | 'empty'): boolean {
    const { redis } = this.world
    const newest = redis.node.snapshot()
    const snapshot = data === 'newest' ? newest : data === 'empty' ? { keys: new Map() } : this.#anySnapshot()
    if (data !== 'newest' && !this.#mayLose('redis')) return false
    redis.node.restart(snapshot)
    this.restart(redis)
    return true
  }

  flushRedis(): boolean {
    if (!this.#mayLose('redis')) return false
    this.world.redis.node.flushAll()
    return true
  }

  /** A replica that lags takes over; some stay connected to the old one until it goes. */
  promoteReplica(): boolean {
    if (!this.#mayLose('redis')) return false
    const old = this.world.redis
    const promoted = this.world.newRedis()
    promoted.node.exchange(this.#anySnapshot())
    // an earlier version does not carry shard time over
    if (this.world.earlier.size === 0) promoted.node.skewMs = -this.world.scheduler.draw(this.world.skewMs)
    this.world.redis = promoted
    this.world.clockWentBackAt = this.world.scheduler.now
    for (const process of this.#cast.processes) {
      if (this.world.scheduler.chance(0.5)) this.world.reconnect(process)
    }
    this.#later(() => this.#retire(old), this.world.scheduler.draw(4))
    return true
  }

  /** A -> B -> A. */
  failBack(): boolean {
    if (!this.#mayLose('redis')) return false
    this.world.redis.node.exchange(this.#anySnapshot())
    return true
  }

  /** Its replicas came or went: after a fail-back too, whose traces that takes away. */
  renameHistory(): boolean {
    this.world.redis.node.renameHistory()
    return true
  }

  loseJournal(lose: () => void): boolean {
    if (!this.#mayLose('nats')) return false
    this.world.oracle.journalWasLost = true
    lose()
    this.world.nats.addStream(PUBLIC_STREAM, PUBLIC_SUBJECT)
    this.restart(this.world.natsServer)
    return true
  }

  deleteNewestStream(): void {
    const { nats } = this.world
    const newest = nats
      .names()
      .filter((name) => name !== PUBLIC_STREAM)
      .at(-1)
    if (newest !== undefined) nats.deleteStream(newest)
  }

  restartPostgres(): void {
    this.world.postgres.restart()
    this.world.sessions.clear()
    this.restart(this.world.postgresServer)
  }

  /** Postgres is what it was at a backup, as after a fail-over to a replica that lags; the journal has all that came since. */
  restorePostgres(): boolean {
    const { world } = this
    const { postgres, tables, scheduler, oracle } = world
    if (world.backups.length === 0) return false
    const index = scheduler.draw(world.backups.length)
    const backup = world.backups[index]
    if (!backup) return false
    // whoever restores what was before the first removal runs no earlier version any more
    if (world.earlier.size > 0 && backup.state.leastVersion < tables.state.leastVersion) return false
    const held = world.journalHolds()
    for (const entry of oracle.journaled) {
      const { everFrames, deadLetters } = backup.state
      if (!everFrames.has(entry) && !deadLetters.has(entry) && !held.has(entry)) return false
    }
    if (!this.#mayLose('postgres')) return false
    // it goes on to hold the janitors back, whose owners may not know yet: that is what a retention time is for
    world.backups = world.backups.slice(index)
    postgres.goBack(backup.row)
    tables.goBack(structuredClone(backup.state))
    oracle.wentBack(backup.row.epoch)
    this.restartPostgres()
    return true
  }

  /** Nothing but the outbox is gone. */
  dropOutbox(): boolean {
    if (!this.#mayLose('redis')) return false
    this.world.redis.node.del(shardKeys.outbox)
    return true
  }

  #retire(old: RedisServer): void {
    old.up = false
    old.incarnation += 1
  }

  #anySnapshot() {
    const { snapshots, redis, scheduler } = this.world
    const [oldest] = snapshots
    if (oldest && scheduler.chance(0.2)) return oldest
    return snapshots.length > 0 ? scheduler.pick(snapshots) : redis.node.snapshot()
  }

  /** Nothing may take the last copy of a journaled frame. */
  #mayLose(part: Part): boolean {
    const { oracle, postgres } = this.world
    const row = postgres.read()
    const opened = this.#loss === undefined || (row.state === 'open' && row.epoch > this.#loss.epoch)
    if (!opened && this.#single && this.#loss?.part !== part) return false
    const elsewhere = part === 'nats' ? this.world.redisHolds() : this.world.journalHolds()
    const { everFrames, deadLetters } = this.world.tables.state
    for (const entry of oracle.journaled) {
      if (!everFrames.has(entry) && !deadLetters.has(entry) && !elsewhere.has(entry)) return false
    }
    this.#loss = { part, epoch: row.epoch }
    return true
  }

  #later(then: () => void, times = 1): void {
    const { scheduler } = this.world
    scheduler.at(scheduler.now + (50 + scheduler.draw(800)) * Math.max(times, 0.2), () => {
      if (!this.#healed) then()
    })
  }
}
