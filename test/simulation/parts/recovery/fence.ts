import type { Steps } from '../../scheduler.ts'
import { journalStream, journalSubject, streamEpoch } from '../frame.ts'
import { GaveUp, must, type Projector } from '../projector.ts'
import type { Position } from '../rows.ts'

export interface Fence {
  /** sealed streams that may hold frames beyond the position, oldest first */
  readonly toDrain: ReadonlyArray<{ readonly epoch: number; readonly last: number }>
  readonly lost: boolean
  /** epochs whose streams are gone */
  readonly gone: readonly number[]
}

function epochsOf(name: string): number[] {
  const epoch = streamEpoch(name)
  return epoch === undefined ? [] : [epoch]
}

/** Step 3. */
export function* sealOlder(owner: Projector, epoch: number): Steps<Fence> {
  const { world, process } = owner
  const { bugs, tables } = world
  const openings = must(yield* owner.ask('recovery.openings', () => tables.liveOpenings(epoch)))
  // a Postgres that went back does not know them all
  const streams = must(yield* world.askNats(process, 'recovery.streams', (nats) => nats.names().flatMap(epochsOf)))
  if (!bugs.has('fence-by-list')) openings.push(...streams.filter((each) => each < epoch && !openings.includes(each)))
  openings.sort((a, b) => a - b)
  const toDrain: Array<{ epoch: number; last: number }> = []
  const gone: number[] = []
  let lost = false
  for (const older of openings) {
    const name = journalStream(older)
    const before = must(yield* world.askNats(process, 'recovery.look', (nats) => nats.info(name)))
    if (!before) {
      const row = tables.state.openings.get(older)
      const passed = older < owner.position.epoch || isDrained(owner, older, row?.last)
      if (row?.created && !passed) lost = true
      gone.push(older)
      continue
    }
    const left = bugs.has('older-stream-not-sealed') || (bugs.has('seal-newest-only') && older !== openings.at(-1))
    if (!left) must(yield* world.askNats(process, 'recovery.seal', (nats) => nats.seal(name)))
    const sealed = must(yield* world.askNats(process, 'recovery.last', (nats) => nats.info(name)))
    if (!sealed) throw new GaveUp(`${name} is gone`)
    const last = bugs.has('last-before-seal') ? before.lastSequence : sealed.lastSequence
    if (owner.position.epoch === older && owner.position.sequence > last) lost = true
    yield* owner.write('recovery.sealed', () => {
      const row = tables.name(older)
      row.created = true
      row.last = last
    })
    toDrain.push({ epoch: older, last })
  }
  world.oracle.fenced(epoch)
  if (lost) world.trace('the journal is lost')
  return { toDrain, lost, gone }
}

function isDrained({ position }: Projector, epoch: number, last: number | undefined): boolean {
  return last !== undefined && position.epoch === epoch && position.sequence >= last
}

/**
 * NATS has no room for another stream: what is sealed is read to its end, and what the events have passed as well goes before
 * its time. Not what a lost journal left: that is published again before anything is read. @throws GaveUp when nothing could go
 */
export function* makeRoom(owner: Projector, epoch: number, { toDrain, lost }: Fence): Steps {
  const { world, process } = owner
  const { tables } = world
  if (!lost || world.bugs.has('drain-before-republish')) {
    for (const { epoch: older, last } of toDrain) if (older >= owner.position.epoch) yield* owner.drain(older, last)
  }
  const listed = must(
    yield* owner.ask('recovery.givable', () => ({
      openings: tables.liveOpenings(epoch),
      place: tables.state.eventsPlace
    }))
  )
  let given = 0
  for (const older of listed.place ? listed.openings : []) {
    const name = journalStream(older)
    const passed = (read: Position) =>
      read.epoch > older ? Number.POSITIVE_INFINITY : read.epoch < older ? 0 : read.sequence
    const info = must(yield* world.askNats(process, 'recovery.held', (nats) => nats.info(name)))
    if (
      !info ||
      Math.min(passed(owner.position), passed(listed.place ?? owner.position), passed(world.backedUp())) <
        info.lastSequence
    )
      continue
    must(yield* world.askNats(process, 'recovery.delete', (nats) => nats.deleteStream(name)))
    yield* owner.write('recovery.given', () => {
      tables.name(older).deleted = true
    })
    given += 1
  }
  if (given === 0) throw new GaveUp('NATS has no room for another stream')
}

export function* createStream(owner: Projector, epoch: number): Steps {
  const { world, process } = owner
  const { tables } = world
  yield* owner.write('recovery.name', () => {
    tables.name(epoch)
  })
  must(
    yield* world.askNats(process, 'recovery.create', (nats) =>
      nats.addStream(journalStream(epoch), journalSubject(epoch))
    )
  )
  yield* owner.write('recovery.created', () => {
    tables.name(epoch).created = true
  })
}
