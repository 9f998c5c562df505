import { monotonicMs } from '../running/monotonic.ts'
import type { Scenario, Target } from '../scenarios/scenario.ts'
import type { World } from '../stack/world.ts'
import type { Pids } from './cpu-by-part.ts'
import { whenAllTold, whenPersisted } from './persisted-counts.ts'

/** Where a service of a bench listens. @throws Error when it does not run */
export function urlOf(world: World, target: Target): string {
  return target === 'gateway' ? world.file.publicUrl : serviceOf(world, target).url
}

function serviceOf({ yardsticks }: World, name: Exclude<Target, 'gateway'>) {
  const found = yardsticks?.[name]
  if (found === undefined) throw new Error(`The yardstick ${name} does not run here.`)
  return found
}

/** Roots of the process trees of all parts as they are now. */
export function pidsOf(world: World, target: Target): Pids {
  const { redis, nats, worker, postgres, gateway } = world.stack.file().pids
  const service = target === 'gateway' ? gateway : [serviceOf(world, target).pid]
  return { service, redis, nats, worker, postgres, load: [world.load.pid] }
}

/** When the last order was in Postgres and on the public stream; NaN for what is not persisted. */
export async function persistedAt(
  world: World,
  scenario: Scenario,
  place: { campaign: string; order: string | null }
): Promise<number> {
  if (scenario.target !== 'gateway' || place.order === null) return Number.NaN
  if ((world.shards ?? 1) > 1) {
    await whenAllTold(world, { campaign: place.campaign, type: scenario.events })
    return monotonicMs()
  }
  return whenPersisted(world, { campaign: place.campaign, type: scenario.events, id: place.order })
}
