import { connect as connectNats, type NatsConnection } from 'nats'
import { Client } from 'pg'
import { messageOf } from '../base/errors.ts'
import type { Config } from '../config/config.ts'
import { databasePlace } from '../config/database-url.ts'
import { shownUrl } from '../config/urls.ts'
import { natsLogin } from '../journal/connection.ts'
import { type Reserved, reservedBytes, reservedText } from '../journal/room.ts'
import { streamNames } from '../journal/subjects.ts'
import { requireSessions } from '../store/connection/require-sessions.ts'
import { PoolerError } from '../store/connection/schema-error.ts'
import { isOlder, type PartName, parts } from './processes/programs.ts'
import { type Look, lookAtRedis } from './redis-checks.ts'

/** The result of a check of one part: `ok` false means that Floodgate cannot run on it; `advice` says what to do. */
export interface Finding {
  readonly part: string
  readonly ok: boolean
  readonly text: string
  readonly advice?: string
}

const connectMs = 5000

/** Checks the server of one part that the configuration names. Never throws. */
export async function checkPart(part: PartName, config: Config): Promise<Finding> {
  const { title, minimum } = parts[part]
  const variable = { redis: 'REDIS_URL', nats: 'NATS_URL', postgres: 'DATABASE_URL' } as const
  const url = config[variable[part]]
  if (url === '') {
    const advice = `Set ${variable[part]}, or start the local stack with npm start.`
    return { part: title, ok: false, text: `${variable[part]} is not set`, advice }
  }
  try {
    const { version, detail, advice, problem } = await lookAt[part](config)
    // none where nothing answered that says it
    if (version !== '' && isOlder(version, minimum)) {
      const text = `version ${version} is too old`
      return { part: title, ok: false, text, advice: `Floodgate needs ${title} ${minimum.join('.')} or newer.` }
    }
    if (problem !== undefined) return { part: title, ok: false, ...problem }
    const text = `version ${version}${detail === undefined ? '' : `; ${detail}`}`
    return { part: title, ok: true, text, ...(advice && { advice }) }
  } catch (error) {
    const advice = `Check ${variable[part]} (${shownUrl(url)}) and that the server runs and can be reached.`
    return { part: title, ok: false, text: messageOf(error), advice }
  }
}

const lookAt: Readonly<Record<PartName, (config: Config) => Promise<Look>>> = {
  redis: lookAtRedis,
  nats: lookAtNats,
  postgres: lookAtPostgres
}

async function lookAtNats(config: Config): Promise<Look> {
  let connection: NatsConnection | undefined
  try {
    connection = await connectNats({ ...natsLogin(config), timeout: connectMs, reconnect: false }).catch(
      (error: Error) => {
        // the client gives no more than this
        throw error.message === 'tls' ? new Error('NATS_URL says tls://, and the server speaks no TLS') : error
      }
    )
    const version = connection.info?.version ?? '0.0'
    try {
      const manager = await connection.jetstreamManager({ timeout: connectMs })
      return { version, ...journalRoom(config, await reservedBytes(manager, streamNames(config.NAMESPACE))) }
    } catch (error) {
      const advice =
        'The journal needs JetStream: start nats-server with -js, and enable it for this account. ' +
        'Restart NATS where its disk was full: nats-server 2.9 stays stuck after that.'
      return { version, problem: { text: `JetStream does not answer: ${messageOf(error)}`, advice } }
    }
  } finally {
    await connection?.close()
  }
}

/** What the streams reserve, and whether the account has room for the stream of another opening while that of the last one is still whole. */
function journalRoom({ JOURNAL_MAX_BYTES }: Config, room: Reserved): Pick<Look, 'detail' | 'problem'> {
  const detail = reservedText(room)
  const { offered = Number.POSITIVE_INFINITY, held } = room
  if (offered - held >= JOURNAL_MAX_BYTES) return { detail }
  const advice = 'Raise the limit of the account, or set JOURNAL_MAX_BYTES lower; see docs/runbook.md.'
  return { problem: { text: `no room for a journal stream of JOURNAL_MAX_BYTES: ${detail}`, advice } }
}

async function lookAtPostgres(config: Config): Promise<Look> {
  const place = { ...databasePlace(config, { name: 'floodgate-doctor' }), connectionTimeoutMillis: connectMs }
  const client = new Client(place)
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows } = await client.query<{ server_version: string }>('show server_version')
    const version = rows[0]?.server_version.split(' ')[0] ?? '0.0'
    const problem = await requireSessions(client, place).then(
      () => undefined,
      (error: unknown) => {
        if (!(error instanceof PoolerError)) throw error
        return { text: 'keeps no sessions', advice: `${error.meaning} ${error.remedy}` }
      }
    )
    return { version, ...(problem && { problem }) }
  } finally {
    await client.end().catch(() => undefined)
  }
}
