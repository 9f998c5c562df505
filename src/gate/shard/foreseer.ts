import { UnavailableError } from '../../base/errors.ts'
import type { Foreseer } from '../gate.ts'
import type { Router } from './router.ts'

const later = (reason: string) => ({ kind: 'unavailable', reason }) as const

/** Says what would come of a command, without deciding anything. */
export function createForeseer(router: Router): Foreseer {
  return {
    async foresee(command) {
      const shard = router.find(command)
      if (shard === undefined) throw new UnavailableError('the gate is not connected yet')
      const reply = await shard.dryRun(command)
      switch (reply.kind) {
        case 'decided':
          return { kind: 'confirmed' }
        case 'refused':
          return reply
        case 'lacks':
          return later('too few units are in the shard of this user: a request would wait for those of other shards')
        case 'wait':
          return later('what it rests on is not journaled yet: a request would wait for it')
        case 'not now':
          return later('what it rests on is not known at the moment')
        default:
          return later('a record in Redis is not readable')
      }
    }
  }
}
