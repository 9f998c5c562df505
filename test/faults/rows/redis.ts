import type { Row } from '../row.ts'
import { losing } from './tools.ts'

export const redisRows: readonly Row[] = [
  {
    id: 'F10',
    title:
      'Redis is killed under load and restarted on its file: closed, opened under a new epoch, nothing confirmed is lost.',
    expects: { opensAgain: true },
    async strike(scene) {
      const redis = scene.lane.server('redis')
      const { epoch } = await scene.world.shard()
      const pid = redis.pid()
      scene.struck()
      await redis.kill()
      await redis.restart()
      scene.healed()
      const after = await scene.world.reopened(epoch)
      return `Redis ${pid} was killed, ${redis.pid()} runs on its file; epoch ${epoch} became ${after}`
    }
  },
  {
    id: 'F12',
    title: 'Replies of Redis are lost: what it decided is decided once, and the retry gets the truth.',
    world: { lines: ['gateway-redis'] },
    expects: { opensAgain: false },
    strike: (scene) => losing(scene, { line: 'gateway-redis', what: 'replies', ms: 1500 })
  },
  {
    id: 'F13',
    title: 'Requests to Redis are lost: nothing was decided, and the retry gets the truth.',
    world: { lines: ['gateway-redis'] },
    expects: { opensAgain: false },
    strike: (scene) => losing(scene, { line: 'gateway-redis', what: 'requests', ms: 1500 })
  },
  {
    id: 'F15',
    title:
      'Redis is wiped in mid-sale: a new epoch, rebuilt from Postgres, all confirmed orders counted, no unit sold twice.',
    expects: { opensAgain: true },
    async strike(scene) {
      const { epoch } = await scene.world.shard()
      const keys = await scene.withRedis(async (redis) => {
        const count = await redis.dbsize()
        scene.struck()
        await redis.multi().flushall().script('FLUSH').exec()
        return count
      })
      scene.healed()
      return `${keys} keys were wiped; epoch ${epoch} became ${await scene.world.reopened(epoch)}`
    }
  }
]
