import { Redis } from 'ioredis'
import type { Pool } from 'pg'
import { type Config, loadConfig } from '../../../src/config/config.ts'
import { type BoardReader, createBoardReader } from '../../../src/gate/boards/board-reader.ts'
import { createBoardWriter } from '../../../src/gate/boards/board-writer.ts'
import { createPool } from '../../../src/store/connection/pool.ts'
import { BoardKeeper } from '../../../src/worker/boards/show.ts'
import { freshSchema } from '../servers/fresh-schema.ts'
import { freshNamespace, type ServerUrls, type Teardown } from '../servers/servers.ts'
import { waitFor } from '../wait.ts'

/** The board of `aBoard`, as Postgres and Redis name it. */
export const place = { campaign: 'c', board: 'top', period: 'campaign' }

export interface World {
  readonly config: Config
  readonly pool: Pool
  readonly redis: Redis
  /** the order that readers see, once Redis has all */
  shown(period?: string): Promise<string[]>
  /** what the worker does again and again */
  keep(): Promise<void>
  readonly reader: BoardReader
}

/** A migrated namespace without gate and worker: decisions are counted by hand. */
export async function aWorld(t: Teardown, urls: ServerUrls): Promise<World> {
  const config = loadConfig({ NAMESPACE: freshNamespace(), REDIS_URL: urls.redisUrl, DATABASE_URL: urls.databaseUrl })
  await freshSchema(config)
  const pool = createPool(config, { max: 4, name: 'floodgate-test' })
  const writer = createBoardWriter(config, 'test-writer')
  const reader = createBoardReader(config, 'test-reader')
  const redis = new Redis(urls.redisUrl)
  const keeper = new BoardKeeper(pool, writer)
  t.teardown(async () => {
    writer.close()
    reader.close()
    redis.disconnect()
    await pool.end()
  })
  const shown = async (period = place.period) => {
    let users: string[] = []
    const read = async () => {
      await keeper.step()
      const top = await reader.top({ ...place, period }, 100)
      users = top.users.map(({ user, score }) => `${user} ${score}`)
      return true
    }
    await waitFor(() => read().catch(() => false), { what: 'the ranks to be there' })
    return users
  }
  return { config, pool, redis, shown, reader, keep: async () => void (await keeper.step()) }
}
