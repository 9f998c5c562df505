import type { Server } from '../../../src/stack/servers/server.ts'
import { History } from '../../support/load/history.ts'
import { waitFor } from '../../support/wait.ts'
import { p99Of, refusalsLate } from '../judge/processes.ts'
import type { Scene } from '../scene.ts'
import type { Child } from '../world/child.ts'
import { resume, suspend } from '../world/lane.ts'
import { outboxEmpty } from './tools.ts'

/** What a process may hold more, while a part stands still and after it, than under the load before (MB). */
const growthMb = 50
/** confirmations after which a process has what it needs for the load */
const warmedUpBy = 150
/** pauses from here on are measured */
const longMs = 10_000

const residentOf = (child: Child): number => child.footprint()?.residentMb ?? 0

/** Stands a server still, and looks every 250 ms at what the processes hold. @returns the most of each (MB) */
async function stoodStill(scene: Scene, server: Server, ms: number): Promise<Map<Child, number>> {
  const most = new Map<Child, number>()
  scene.struck()
  suspend(server)
  const until = performance.now() + ms
  const over = () => {
    for (const child of scene.world.children) most.set(child, Math.max(most.get(child) ?? 0, residentOf(child)))
    return performance.now() >= until
  }
  await waitFor(over, { deadlineMs: ms + 5000, everyMs: 250 })
  resume(server)
  scene.healed()
  return most
}

/** What was asked while the part stood still. */
function meanwhile(scene: Scene): History {
  const history = new History()
  for (const { result, answeredAt, ...asked } of scene.load.history().attempts) {
    if (asked.invokedAt < scene.struckAt || asked.invokedAt >= scene.healedAt) continue
    const number = history.attempts.length + 1
    history.restore({ ...asked, number })
    if (result && answeredAt) history.restore({ ...asked, number, answeredAt, result })
  }
  return history
}

/** @throws Error when refusals came late */
function refusals(scene: Scene): string {
  const history = meanwhile(scene)
  const [late] = refusalsLate(history, scene.load.lagMs, scene.world.resumedAt)
  if (late) throw new Error(late.what)
  const figures = (['unavailable', 'refused', 'unknown', 'pending', 'ok'] as const)
    .map((kind) => ({ kind, ...p99Of(history.latencies(kind)) }))
    .filter(({ count }) => count > 0)
    .map(({ kind, ms, count }) => `${count} ${kind} within ${ms} ms`)
  return `answers meanwhile at p99: ${figures.join(', ')}`
}

/**
 * A server stands still under load. From ten seconds on it is measured: refusals come within 1 s at p99, no process grows
 * by more than 50 MB, and afterwards the same processes go on.
 * @returns what proves it, with the figures @throws Error when one of them is not kept
 */
export async function pausedUnderLoad(scene: Scene, server: Server, ms: number): Promise<string> {
  const { world, load } = scene
  const measured = ms >= longMs
  if (measured) await load.flowing(warmedUpBy)
  const children = [...world.children]
  const before = new Map(children.map((child) => [child, residentOf(child)]))
  const pid = server.pid()
  const most = await stoodStill(scene, server, ms)
  const proof = `${server.part} ${pid} stood still for ${ms / 1000} s`
  if (!measured) return proof
  const told = refusals(scene)
  await outboxEmpty(scene, 30_000)
  const againMs = Math.round(await load.confirmsAgain())
  const restarted = world.children.length !== children.length || children.some(({ alive }) => !alive)
  if (restarted || server.pid() !== pid) throw new Error('a process ended or was started again')
  const figures = children.map((child) => {
    const [from, peak, after] = [before.get(child) ?? 0, most.get(child) ?? 0, residentOf(child)]
    if (Math.max(peak, after) > from + growthMb) {
      throw new Error(`${child.name} grew from ${from} MB to ${Math.max(peak, after)} MB`)
    }
    return `${child.name} (pid ${child.pid}) ${from}, ${peak}, ${after}`
  })
  return `${proof}; ${told}; resident MB before, at most meanwhile, after: ${figures.join('; ')}; confirmed again ${againMs} ms after the outbox was empty, nothing was restarted`
}
