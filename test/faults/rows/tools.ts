import { keyPrefix } from '../../../src/record/keys.ts'
import { waitFor } from '../../support/wait.ts'
import type { Scene } from '../scene.ts'
import type { Child } from '../world/child.ts'
import type { Answer } from '../world/requests.ts'
import type { Line } from '../world/world.ts'

/** Lets time pass: only where the fault itself is that something takes long. */
export async function lasting(ms: number): Promise<void> {
  const until = performance.now() + ms
  await waitFor(() => performance.now() >= until, { deadlineMs: ms + 5000 })
}

/** Loses what goes one way on a line for a while. @returns what proves it */
export async function losing(
  scene: Scene,
  { line, what, ms }: { line: Line; what: 'requests' | 'replies'; ms: number }
): Promise<string> {
  const proxy = scene.world.line(line)
  const lost = () => (what === 'requests' ? proxy.counts.lostRequestBytes : proxy.counts.lostReplyBytes)
  const before = lost()
  scene.struck()
  if (what === 'requests') proxy.dropRequests()
  else proxy.dropReplies()
  await waitFor(() => lost() > before, { what: `${what} to be lost on ${line}`, deadlineMs: 60_000 })
  await lasting(ms)
  proxy.heal()
  scene.healed()
  return `${lost() - before} bytes of ${what} were lost on ${line}`
}

/** Waits until Redis holds nothing that is not journaled. */
export async function outboxEmpty(scene: Scene, deadlineMs = 60_000): Promise<void> {
  const prefixes = await prefixesOf(scene)
  await scene.withRedis((redis) => {
    const isEmpty = async () =>
      (await Promise.all(prefixes.map((prefix) => redis.xlen(`${prefix}outbox`)))).every((length) => length === 0)
    return waitFor(isEmpty, { deadlineMs, what: 'the outbox to be empty', everyMs: 5 })
  })
}

async function numbersOf({ world }: Scene): Promise<number[]> {
  const { rows } = await world.pool.query<{ shard: number }>('select shard from shards order by shard')
  return rows.map(({ shard }) => shard)
}

/** What the keys of each shard begin with. */
export async function prefixesOf(scene: Scene): Promise<string[]> {
  return (await numbersOf(scene)).map((shard) => keyPrefix(scene.world.namespace, shard))
}

/** Waits until a worker has taken every shard: of several it has its part as soon as it runs, and the rest once no other worker lives. */
export async function takesAll(scene: Scene, { name, lines }: Child): Promise<void> {
  const numbers = await numbersOf(scene)
  const taken = () => lines.filter((line) => line.includes('this worker owns the shard'))
  const hasAll = () => numbers.every((shard) => taken().some((line) => line.includes(`"shard":${shard},`)))
  await waitFor(hasAll, { deadlineMs: 60_000, what: `${name} to take over` })
}

/** Asks until the answer is definite. */
export async function definite(ask: () => Promise<Answer>): Promise<Answer> {
  let last: Answer = { status: 0, body: undefined }
  const answered = async () => {
    last = await ask()
    return last.status !== 0 && last.status !== 202 && last.status < 500
  }
  await waitFor(answered, { deadlineMs: 60_000, what: 'a definite answer', everyMs: 50 })
  return last
}

/** Asks for a reopening as `floodgate recover` does. @returns the epoch before */
export async function askToReopen(scene: Scene): Promise<number> {
  const { epoch } = await scene.world.shard()
  await scene.world.pool.query("update shards set state = 'closed', updated_at = now()")
  return epoch
}

/** Ends the session by which a worker owns the shard, as Postgres does with one that is idle for too long. */
export async function endOwnerSession(scene: Scene): Promise<void> {
  await scene.world.pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where application_name = 'floodgate-worker-owner' and pid in (
       select pid from pg_locks where locktype = 'advisory' and granted)
       and query_start is not null and datname = current_database()`
  )
}
