import { type Frame, journalStream, PUBLIC_SUBJECT, streamEpoch } from './parts/frame.ts'
import { GaveUp, must } from './parts/projector.ts'
import { isBefore, type Position } from './parts/rows.ts'
import { type Process, type Steps, wait } from './scheduler.ts'
import type { World } from './world.ts'

const IDLE_MS = 120
const READ = 8
const SAVE_EVERY_MS = 500

/** Reads the journal a second time and tells each decision to the public stream, from a place of its own. */
export class EventsReader {
  readonly #world: World
  readonly #process: Process
  place: Position | undefined
  #savedAt = 0
  #telling = 0

  constructor(world: World, process: Process) {
    this.#world = world
    this.#process = process
  }

  start(): void {
    if (this.#telling % 2 === 1) return
    this.#telling += 1
    this.#world.scheduler.spawn(this.#process, this.#run(this.#telling))
  }

  stop(): void {
    if (this.#telling % 2 === 0) return
    this.#telling += 1
    this.place = undefined
  }

  *#run(telling: number): Steps {
    const { scheduler } = this.#world
    while (this.#telling === telling) {
      try {
        if (!(yield* this.#step())) yield* wait(scheduler.sleep(IDLE_MS))
      } catch (error) {
        if (!(error instanceof GaveUp)) throw error
        yield* wait(scheduler.sleep(IDLE_MS))
      }
    }
  }

  /** true when it told something */
  *#step(): Steps<boolean> {
    const { bugs, rates, scheduler } = this.#world
    this.place ??= yield* this.#firstPlace()
    const place = this.place
    if (!bugs.has('place-before-publish')) yield* this.#save(place)
    const epoch = yield* this.#epochToRead(place)
    if (epoch === undefined) return false
    const from = place.epoch === epoch ? place.sequence + 1 : 1
    const most = scheduler.chance(rates.emptyRead) ? 0 : READ
    const messages = must(yield* this.#ask('events.read', (nats) => nats.pull(journalStream(epoch), from, most)))
    const [first] = messages
    if (first === undefined) return false
    // what is gone can be told by nobody: it goes on with the first that is there
    if (first.sequence !== from) this.#world.trace(`events skip ${from} to ${first.sequence} of ${epoch}`)
    const next = { epoch, sequence: messages.at(-1)?.sequence ?? 0 }
    if (bugs.has('place-before-publish')) yield* this.#save(next, 0)
    for (const { payload } of messages) yield* this.#tell(JSON.parse(payload) as Frame)
    this.place = next
    return true
  }

  *#firstPlace(): Steps<Position> {
    const { tables } = this.#world
    const read = () => tables.state.eventsPlace ?? { epoch: 0, sequence: 0 }
    return must(yield* this.#world.askPostgres(this.#process, 'events.place', read))
  }

  /**
   * The stream of the place until it is over and read to its end, then the next one that holds something. A stream is over
   * when one of a higher epoch exists, for that is made behind the fence. (Waiting for the seal is not enough: a recovery
   * that was paused makes its stream after the next one's fence, which nobody ever seals.)
   */
  *#epochToRead(place: Position): Steps<number | undefined> {
    const streams = must(
      yield* this.#ask('events.look', (nats) =>
        nats.names().flatMap((name) => {
          const epoch = streamEpoch(name)
          const info = nats.info(name)
          return epoch === undefined || info === undefined ? [] : [{ epoch, ...info }]
        })
      )
    )
    streams.sort((a, b) => a.epoch - b.epoch)
    const newest = streams.at(-1)?.epoch ?? 0
    const isOver = ({ epoch, sealed }: (typeof streams)[number]) =>
      this.#world.bugs.has('reader-waits-for-seal') ? sealed : epoch < newest
    const own = streams.find(({ epoch }) => epoch === place.epoch)
    if (own && !(isOver(own) && place.sequence >= own.lastSequence)) return own.epoch
    // one that is over without a frame moves no place
    return streams.find((stream) => stream.epoch > place.epoch && !(isOver(stream) && stream.lastSequence === 0))?.epoch
  }

  *#tell(frame: Frame): Steps {
    for (const { seq, type, order } of frame.decisions) {
      const event = JSON.stringify({ type, order })
      must(yield* this.#ask('events.publish', (nats) => nats.publish(PUBLIC_SUBJECT, `${frame.epoch}-${seq}`, event)))
    }
  }

  /** At least once: a place saved late only means that events are told again, with the same ids. */
  *#save(place: Position, everyMs = SAVE_EVERY_MS): Steps {
    const { tables, scheduler, bugs } = this.#world
    if (scheduler.now - this.#savedAt < everyMs) return
    this.#savedAt = scheduler.now
    yield* this.#world.askPostgres(this.#process, 'events.save', () => {
      const isNew = !tables.state.eventsPlace || isBefore(tables.state.eventsPlace, place)
      if (isNew || bugs.has('place-goes-back')) tables.state.eventsPlace = place
    })
  }

  #ask<T>(name: string, run: (nats: World['nats']) => T) {
    return this.#world.askNats(this.#process, name, run)
  }
}
