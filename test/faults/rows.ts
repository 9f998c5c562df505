import type { Row } from './row.ts'
import { gatewayRows } from './rows/gateway.ts'
import { natsRows } from './rows/nats.ts'
import { redisRows } from './rows/redis.ts'
import { workerRows } from './rows/worker.ts'

/** The fault matrix, in order of id. */
export const rows: readonly Row[] = [...gatewayRows, ...redisRows, ...natsRows, ...workerRows].sort((a, b) =>
  a.id.localeCompare(b.id)
)
