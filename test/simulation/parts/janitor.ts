import type { EventsReader } from '../events.ts'
import type { Process, Steps } from '../scheduler.ts'
import type { World } from '../world.ts'
import { journalStream } from './frame.ts'
import type { Opening } from './gate/gate-state.ts'
import type { Projector } from './projector.ts'
import type { Position } from './rows.ts'

interface Passed {
  readonly opening: Opening
  readonly owner: Projector
  readonly events: EventsReader
}

/**
 * Purges the open stream and deletes sealed ones, up to what Postgres and the events reader have both passed. The retention
 * time is left out: what has been read goes at once, but for what a backup of Postgres has not read.
 */
export function* cleanJournal(world: World, process: Process, { opening, owner, events }: Passed): Steps {
  const { tables, bugs } = world
  const listed = yield* world.askPostgres(process, 'janitor.list', () => ({
    openings: tables.liveOpenings(opening.epoch + 1),
    place: tables.state.eventsPlace
  }))
  const place = bugs.has('purge-by-memory') ? events.place : listed.ok ? listed.value.place : undefined
  if (!listed.ok || !place) return
  for (const epoch of listed.value.openings) {
    const name = journalStream(epoch)
    const upTo = (read: Position) =>
      read.epoch > epoch ? Number.POSITIVE_INFINITY : read.epoch < epoch ? 0 : read.sequence
    const known = Math.min(upTo(owner.position), upTo(world.backedUp()))
    const read = bugs.has('purge-past-events') ? known : Math.min(known, upTo(place))
    const info = yield* world.askNats(process, 'janitor.look', (nats) => nats.info(name))
    if (!info.ok || !info.value) continue
    if (epoch === opening.epoch) {
      if (read > 0 && read >= info.value.firstSequence) {
        yield* world.askNats(process, 'janitor.purge', (nats) => nats.purge(name, read + 1))
      }
    } else if (read >= info.value.lastSequence) {
      const deleted = yield* world.askNats(process, 'janitor.delete', (nats) => nats.deleteStream(name))
      if (!deleted.ok) continue
      yield* world.askPostgres(process, 'janitor.deleted', () => {
        tables.name(epoch).deleted = true
      })
    }
  }
}
