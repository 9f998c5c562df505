import { join } from 'node:path'
import { type GivenServers, Lane, makeTemplate } from './world/lane.ts'

/** Servers that the environment names: used as they are. */
export function givenServers(env: NodeJS.ProcessEnv): GivenServers {
  const { REDIS_URL, NATS_URL, DATABASE_URL } = env
  return {
    ...(REDIS_URL ? { redis: REDIS_URL } : {}),
    ...(NATS_URL ? { nats: NATS_URL } : {}),
    ...(DATABASE_URL ? { postgres: DATABASE_URL } : {})
  }
}

interface LanesOptions {
  readonly folder: string
  readonly given: GivenServers
  readonly count: number
}

/** Works off a list, one item at a time on each of several sets of servers, started before and stopped after it. */
export async function withLanes<Item>(
  { folder, given, count }: LanesOptions,
  items: readonly Item[],
  work: (lane: Lane, item: Item) => Promise<void>
): Promise<void> {
  const template = given.postgres === undefined ? await makeTemplate(join(folder, 'template')) : undefined
  const waiting = [...items]
  const one = async (n: number): Promise<void> => {
    const lane = await Lane.start({ folder: join(folder, `lane-${n}`), given, template })
    try {
      for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(lane, item)
    } finally {
      await lane.stop()
    }
  }
  const results = await Promise.allSettled(Array.from({ length: count }, (_, n) => one(n)))
  const failed = results.find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}
