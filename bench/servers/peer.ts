import pg from 'pg'
import { buyInOneTransaction } from './peer-store.ts'
import { sell } from './selling.ts'

/**
 * The yardstick for orders per second: what a careful team would build first. Fastify, the same token check and the
 * same schemas, one pool, one Postgres transaction per order. A 201 means committed, as with the gateway it means
 * journaled.
 */
const { DATABASE_URL, PEER_CONNECTIONS } = process.env
// a schema of its own beside Floodgate's, whose path the stack's address brings
const own = new URL(DATABASE_URL ?? '')
own.searchParams.set('options', '-c search_path=bench_peer')
const pool = new pg.Pool({ connectionString: own.href, max: Number(PEER_CONNECTIONS) })

await sell((wanted) => buyInOneTransaction(pool, wanted))
