import { UnavailableError } from '../../base/errors.ts'
import type { Lending } from '../gate.ts'
import type { Router } from './router.ts'

/** What those who drive loans ask of shards besides commands. */
export function createLending(router: Router): Lending {
  return {
    async look(shard, items) {
      const result = await router.of(shard).reader.enqueue({ op: 'look', items })
      if (result.kind !== 'reply') throw new UnavailableError(result.reason)
      if (result.reply.kind !== 'look') throw new UnavailableError('The stock of this shard is not readable in Redis.')
      return result.reply
    },

    async writeFact(shard, fact) {
      const result = await router.of(shard).batcher.enqueue({ op: 'fact', ...fact })
      if (result.kind !== 'reply') throw new UnavailableError(result.reason)
    }
  }
}
