import { type Process, type Steps, wait } from '../scheduler.ts'
import type { Decision } from './shard.ts'
import type { CreditWorld, Part, Places } from './world.ts'

const PORTION = 3

/** A place of its own, or the one that all share who are up to date. */
type Reader = { readonly alone: string } | 'together'

const placeOf = (places: Places, reader: Reader) =>
  reader === 'together' ? places.together : places.alone[reader.alone]

function moveTo(row: Places, reader: Reader, to: number | undefined): void {
  if (reader === 'together') row.together = to ?? row.together
  else if (to === undefined) {
    row.alone = Object.fromEntries(Object.entries(row.alone).filter(([name]) => name !== reader.alone))
  } else row.alone = { ...row.alone, [reader.alone]: to }
}

/** src/worker/following/follower.ts: reads what the projection stored, and what follows is one transaction with the place. */
export function* follow(world: CreditWorld, process: Process, part: Part): Steps {
  for (;;) {
    yield* wait(world.scheduler.sleep(40))
    yield* step(world, process, part)
  }
}

function* step(world: CreditWorld, process: Process, part: Part): Steps {
  const plan = yield* world.ask(process, 'follow.plan', () => world.listeners)
  const before = yield* world.ask(process, 'follow.places', () => part.postgres.read())
  if (!plan.ok || !before.ok) return
  const added = plan.value.filter((name) => !before.value.known.includes(name))
  if (added.length > 0) {
    const change = (row: Places) => {
      row.known = [...row.known, ...added]
      if (world.bug === 'new-listener-joins') return
      // before the history of its campaign
      row.alone = { ...row.alone, ...Object.fromEntries(added.map((name) => [name, 0])) }
    }
    const where = ({ known }: Places) => !added.some((name) => known.includes(name))
    if ((yield* world.store(process, part, { where, change })) !== 'stored') return
  }
  const place = { world, process, part, plan: plan.value }
  for (const name of plan.value) yield* readOn(place, { alone: name })
  yield* readOn(place, 'together')
}

interface Place {
  readonly world: CreditWorld
  readonly process: Process
  readonly part: Part
  /** the listeners, as the rules were at the beginning of the step */
  readonly plan: readonly string[]
}

function* readOn(place: Place, reader: Reader): Steps {
  const { world, process, part, plan } = place
  const { shard, postgres } = part
  for (;;) {
    const read = yield* world.ask(process, 'follow.places', () => ({ ...postgres.read(), stored: shard.stored }))
    if (!read.ok) return
    const from = placeOf(read.value, reader)
    if (from === undefined) return
    const { together, stored, alone } = read.value
    if (reader !== 'together' && from >= together) return yield* join(place, reader, from)
    const upTo = Math.min(reader === 'together' ? stored : together, from + PORTION)
    if (from >= upTo) return
    const portion = yield* world.ask(process, 'follow.decisions', () => {
      if (world.bug !== 'reads-undecided') return shard.journal.slice(from, upTo)
      return [...new Set([...shard.journal, ...shard.outbox])].slice(from, from + PORTION)
    })
    const listeners = reader === 'together' ? plan.filter((name) => alone[name] === undefined) : [reader.alone]
    if (!portion.ok || !(yield* take(place, { reader, from, listeners, portion: portion.value }))) return
  }
}

/** A listener that has caught up reads with the others, unless they have moved on. */
function* join({ world, process, part }: Place, reader: Reader, from: number): Steps {
  yield* world.store(process, part, {
    where: (row) => placeOf(row, reader) === from && (world.bug === 'joins-blindly' || from >= row.together),
    change: (row) => moveTo(row, reader, undefined)
  })
}

interface Portion {
  readonly reader: Reader
  readonly from: number
  readonly listeners: readonly string[]
  readonly portion: readonly Decision[]
}

function* take(place: Place, { reader, from, listeners, portion }: Portion): Steps<boolean> {
  const { world, process, part, plan } = place
  const { bug, rows, scheduler } = world
  const write = () => {
    for (const listener of listeners) rows.follow(listener, portion, scheduler.now)
  }
  const failing = listeners.find(() => scheduler.chance(world.failing))
  // asked in the transaction that holds the place
  const isAsPlanned = (row: Places) =>
    (bug === 'stale-plan' || world.listeners === plan) &&
    (bug === 'stale-readers' || plan.every((name) => listeners.includes(name) === (row.alone[name] === undefined)))
  const where = (row: Places) =>
    (bug === 'place-unasked' || placeOf(row, reader) === from) && (reader !== 'together' || isAsPlanned(row))
  const change = (row: Places) => moveTo(row, reader, from + portion.length)
  if (bug === 'place-before-rows') {
    if ((yield* world.store(process, part, { where, change })) !== 'stored') return false
    return (yield* world.ask(process, 'rows', write)).ok
  }
  const stored = yield* world.store(process, part, {
    where,
    change,
    write,
    failing,
    isApart: bug === 'rows-before-place'
  })
  if (typeof stored === 'object' && reader === 'together') {
    yield* world.store(process, part, {
      where: (row) => row.alone[stored.failed] === undefined && (bug === 'fails-blindly' || row.together === from),
      change: (row) => moveTo(row, { alone: stored.failed }, from)
    })
  }
  return stored === 'stored'
}
