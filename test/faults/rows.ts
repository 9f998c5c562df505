import type { Row } from './row.ts'
import { clockRows } from './rows/clock.ts'
import { drawnSpinRows } from './rows/drawn-spins.ts'
import { expiringPointRows } from './rows/expiring-points.ts'
import { gatewayRows } from './rows/gateway.ts'
import { lostJournalRows } from './rows/journal-lost.ts'
import { letterRows } from './rows/letters.ts'
import { natsRows } from './rows/nats.ts'
import { operatorRows } from './rows/operators.ts'
import { pointRows } from './rows/points.ts'
import { postgresRows } from './rows/postgres.ts'
import { recoveryRows } from './rows/recovery.ts'
import { redisRows } from './rows/redis.ts'
import { clusterRows } from './rows/redis-cluster.ts'
import { redisCopyRows } from './rows/redis-copies.ts'
import { redisLimitRows } from './rows/redis-limits.ts'
import { requestRows } from './rows/requests.ts'
import { shardRows } from './rows/shards.ts'
import { soakRows } from './rows/soak.ts'
import { soldOnCluster } from './rows/sold-on-cluster.ts'
import { transitionRows } from './rows/transitions.ts'
import { workerRows } from './rows/worker.ts'

/** The fault matrix, in order of id. */
export const rows: readonly Row[] = [
  ...gatewayRows,
  ...requestRows,
  ...redisRows,
  ...redisLimitRows,
  ...redisCopyRows,
  ...clusterRows,
  soldOnCluster(),
  ...natsRows,
  ...lostJournalRows,
  ...postgresRows,
  ...recoveryRows,
  ...transitionRows,
  ...letterRows,
  ...clockRows,
  ...workerRows,
  ...shardRows,
  ...drawnSpinRows,
  ...expiringPointRows,
  ...operatorRows,
  ...soakRows,
  ...pointRows
].sort((a, b) => a.id.localeCompare(b.id))
