import { connect, type NatsConnection, StringCodec } from 'nats'
import pg from 'pg'
import { natsLogin } from '../../../src/journal/connection.ts'
import { keyPrefix } from '../../../src/record/keys.ts'
import { onTheirWay } from '../../../src/store/campaigns/loans.ts'
import { isRecord, parseJson } from '../load/answers.ts'
import { redisHolding } from '../servers/redis-cluster.ts'

/** Where the evidence of one deployment lies. */
export interface Places {
  readonly databaseUrl: string
  /** with its login */
  readonly natsUrl: string
  readonly redisUrl: string
  readonly namespace: string
  /** GET on the admin port as an operator, parsed. @throws when it is not answered with 200 */
  readonly adminGet: (path: string) => Promise<unknown>
}

/** A row of `orders`; money in minor units. */
export interface OrderRow {
  readonly id: string
  readonly sale: string
  readonly session: string
  readonly user: string
  readonly quantity: number
  readonly status: string
  readonly shard: number
  readonly epoch: number
  readonly sequence: number
  readonly position: number
}

/** A row of `decisions`; `key` without its prefix, `request` as the client's JSON was stored. */
export interface DecisionRow {
  readonly id: string
  readonly type: string
  readonly user: string
  readonly key: string
  readonly shard: number
  readonly epoch: number
  readonly sequence: number
  readonly order: string
  readonly request: unknown
}

/** A message of the public stream; `event` is the CloudEvent as parsed, undefined when it is no JSON object. */
export interface PublicEvent {
  readonly subject: string
  readonly messageId: string
  readonly contentType: string
  readonly event: Readonly<Record<string, unknown>> | undefined
}

/** Units of one session as the gate counts them. */
export interface SessionState {
  readonly sale: string
  readonly session: string
  readonly total: number
  readonly remaining: number
  readonly held: number
  readonly paid: number
}

export interface ShardState {
  readonly shard: number
  readonly epoch: number
  readonly state: string
  /** frames, counted in Redis itself */
  readonly outbox: number
  readonly kept: number
}

export interface CampaignState {
  readonly sessions: readonly SessionState[]
  readonly shards: readonly ShardState[]
}

export interface Evidence {
  readonly namespace: string
  readonly orders: readonly OrderRow[]
  readonly decisions: readonly DecisionRow[]
  /** as the table `stock` has it */
  readonly stock: readonly SessionState[]
  /** all of the deployment */
  readonly deadLetters: number
  readonly events: readonly PublicEvent[]
  readonly state: CampaignState
}

/** Reads everything that the parts say about one campaign, as they say it now. */
export async function gatherEvidence(places: Places, campaign: string): Promise<Evidence> {
  const [rows, events, state] = await Promise.all([
    readRows(places, campaign),
    readEvents(places, campaign),
    readState(places, campaign)
  ])
  return { namespace: places.namespace, ...rows, events, state }
}

/** What the admin port says about a campaign's stock and its shards, and the frames that wait in Redis. */
export async function readState(places: Places, campaign: string): Promise<CampaignState> {
  const answer = await places.adminGet(`/admin/v1/campaigns/${campaign}/state`)
  return parseState(answer, (shard) => readDepths(places, shard))
}

type Depths = Pick<ShardState, 'outbox' | 'kept'>

async function readDepths({ redisUrl, namespace }: Places, shard: number): Promise<Depths> {
  const prefix = keyPrefix(namespace, shard)
  const redis = await redisHolding(redisUrl, prefix)
  // The rejected connect says enough; without a listener the client prints the error too.
  redis.on('error', () => {})
  try {
    await redis.connect()
    return { outbox: await redis.xlen(`${prefix}outbox`), kept: await redis.hlen(`${prefix}kept`) }
  } finally {
    redis.disconnect()
  }
}

/** @throws Error when the answer has not the contract's figures */
async function parseState(answer: unknown, depthsOf: (shard: number) => Promise<Depths>): Promise<CampaignState> {
  if (!isRecord(answer)) throw new Error(`The state is not an object: ${JSON.stringify(answer)}`)
  const sessions = list(answer.activities).flatMap((activity) =>
    list(activity.sessions).map((session) => ({
      sale: String(activity.id),
      session: String(session.id),
      total: whole(session, 'total'),
      remaining: whole(session, 'remaining'),
      held: whole(session, 'held'),
      paid: whole(session, 'paid')
    }))
  )
  const shards = list(answer.shards).map(async (shard) => ({
    shard: whole(shard, 'shard'),
    epoch: whole(shard, 'epoch'),
    state: String(shard.state),
    ...(await depthsOf(whole(shard, 'shard')))
  }))
  return { sessions, shards: await Promise.all(shards) }
}

type Rows = Pick<Evidence, 'orders' | 'decisions' | 'stock' | 'deadLetters'>

async function readRows(places: Places, campaign: string): Promise<Rows> {
  const client = new pg.Client({
    connectionString: places.databaseUrl,
    options: `-c search_path=${places.namespace}`,
    connectionTimeoutMillis: 3000,
    query_timeout: 5000
  })
  // A server killed by a test breaks the connection; the pending query rejects, which is enough.
  client.on('error', () => {})
  await client.connect()
  try {
    const orders = await client.query<OrderRow>(
      `select order_id as id, activity_id as sale, session_id as session, user_id as user, quantity::int, status,
              shard::int, epoch::float8, sequence::float8, position::float8 as position
       from orders where campaign_id = $1 order by shard, epoch, sequence`,
      [campaign]
    )
    const decisions = await client.query<DecisionRow>(
      `select concat_ws('-', shard, epoch, sequence) as id, type, user_id as user, regexp_replace(key, '^u:', '') as key,
              shard::int, epoch::float8, sequence::float8, entity as order, request
       from decisions where campaign_id = $1 and type like 'order.%' order by epoch, sequence`,
      [campaign]
    )
    const stock = await client.query<SessionState>(
      `select activity_id as sale, session_id as session, (sum(total) + coalesce(min(units), 0))::float8 as total,
         (sum(remaining) + coalesce(min(units), 0))::float8 as remaining, sum(held)::float8 as held, sum(paid)::float8 as paid
       from stock left join ${onTheirWay} l using (campaign_id, activity_id, session_id) where campaign_id = $1 group by 1, 2`,
      [campaign]
    )
    const dead = await client.query<{ count: number }>('select count(*)::int as count from dead_letters')
    const deadLetters = dead.rows[0]?.count ?? 0
    return { orders: orders.rows, decisions: decisions.rows, stock: stock.rows, deadLetters }
  } finally {
    await client.end()
  }
}

/**
 * All public events of a campaign, in stream order, message by message through the stream's own API: a consumer would
 * leave the doubt whether it has reached the end.
 */
export async function readEvents(places: Places, campaign: string): Promise<PublicEvent[]> {
  const connection = await connect({
    ...natsLogin({ NATS_URL: places.natsUrl, NATS_CREDS: '' }),
    reconnect: false,
    timeout: 3000
  })
  try {
    const events: PublicEvent[] = []
    for (let seq = 1; ; ) {
      const message = await nextMessage(connection, { namespace: places.namespace, campaign, seq })
      if (message === undefined) return events
      events.push(message.event)
      seq = message.seq + 1
    }
  } finally {
    await connection.close()
  }
}

const text = StringCodec()
const noMessageFound = 10037

interface NextMessage {
  readonly namespace: string
  readonly campaign: string
  /** the lowest sequence of the stream that is accepted */
  readonly seq: number
}

/** @returns undefined past the end of the stream */
async function nextMessage(
  connection: NatsConnection,
  { namespace, campaign, seq }: NextMessage
): Promise<{ seq: number; event: PublicEvent } | undefined> {
  const request = JSON.stringify({ seq, next_by_subj: `${namespace}.${campaign}.>` })
  const subject = `$JS.API.STREAM.MSG.GET.${namespace.toUpperCase()}`
  const reply = parseJson(text.decode((await connection.request(subject, request, { timeout: 3000 })).data))
  if (!isRecord(reply)) throw new Error('The stream gave an answer that is no JSON object')
  if (isRecord(reply.error)) {
    if (reply.error.err_code === noMessageFound) return undefined
    throw new Error(`The public stream cannot be read: ${JSON.stringify(reply.error)}`)
  }
  if (!isRecord(reply.message)) throw new Error('The stream gave no message')
  const { message } = reply
  const headers = Buffer.from(String(message.hdrs ?? ''), 'base64').toString()
  const event = parseJson(Buffer.from(String(message.data ?? ''), 'base64').toString())
  return {
    seq: whole(message, 'seq'),
    event: {
      subject: String(message.subject),
      messageId: headerOf(headers, 'Nats-Msg-Id'),
      contentType: headerOf(headers, 'Content-Type'),
      event: isRecord(event) ? event : undefined
    }
  }
}

function headerOf(headers: string, name: string): string {
  return new RegExp(`^${name}: ?(.*)$`, 'im').exec(headers)?.[1]?.trim() ?? ''
}

function list(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}

function whole(record: Record<string, unknown>, name: string): number {
  const value = record[name]
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
    throw new Error(`${name} is not a whole number: ${JSON.stringify(record)}`)
  }
  return value
}
