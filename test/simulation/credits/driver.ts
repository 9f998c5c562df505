import { type Process, type Steps, wait } from '../scheduler.ts'
import type { CreditRow, Settled } from './rows.ts'
import { type Command, creditKey } from './shard.ts'
import type { CreditWorld, Outcome } from './world.ts'

const AT_ONCE = 3
const RETRY_MS = 150

/** src/worker/drivers/give-credits.ts: asks the gate for what is due, and takes back what is void. */
export function* drive(world: CreditWorld, process: Process): Steps {
  const { scheduler, rows } = world
  for (;;) {
    yield* wait(scheduler.sleep(40))
    const taken = yield* world.ask(process, 'credits.take', () => rows.take(AT_ONCE, scheduler.now))
    if (!taken.ok) continue
    for (const row of taken.value) {
      const settled = yield* settle(world, process, row)
      if (settled) yield* world.ask(process, 'credits.settle', () => rows.settle(row, settled, scheduler.now))
    }
  }
}

function* settle(world: CreditWorld, process: Process, row: CreditRow): Steps<Settled | undefined> {
  const part = world.partOf(row.user)
  const { shard } = part
  const { user, cause, role } = row
  const ask = (command: Pick<Command, 'type' | 'key'>) => world.decide(process, part, { user, cause, role, ...command })
  const isIt = (key: string) => (one: { readonly user: string; readonly key: string }) =>
    one.user === row.user && one.key === key
  const later: Settled = { to: 'later', at: world.scheduler.now + RETRY_MS }
  const key = creditKey(world.bug === 'key-without-cause' ? '' : row.cause, row.role)
  const stored = yield* world.ask(process, 'credits.decided', () =>
    shard.journal.slice(0, shard.stored).some(isIt(key))
  )
  if (!stored.ok) return undefined
  if (row.state === 'due') {
    if (stored.value) return { to: 'done' }
    return settledBy(world, 'done', yield* ask({ type: 'credited', key }))
  }
  // what was given is known once Postgres has it
  if (!stored.value && world.bug !== 'taken-back-unsettled') return later
  const voiding = { type: 'taken-back', key: `x:void:${cause}:${role}` } as const
  return settledBy(world, 'taken-back', yield* ask(voiding))
}

function settledBy(world: CreditWorld, to: 'done' | 'taken-back', outcome: Outcome): Settled {
  const later: Settled = { to: 'later', at: world.scheduler.now + RETRY_MS }
  if (outcome.kind === 'confirmed') return { to }
  if (outcome.kind === 'pending') return world.bug === 'closed-when-decided' ? { to } : later
  return outcome.kind === 'refused' && outcome.final ? { to: 'refused' } : later
}
