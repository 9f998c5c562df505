import type pg from 'pg'
import { isRing } from '../../../src/record/fields.ts'
import { baseKey, elsewhereKey, keyPrefix, shardKeys } from '../../../src/record/keys.ts'
import { Fold } from '../../../src/recovery/open/fold-users.ts'
import { readDecisions } from '../../../src/store/projection/restore.ts'
import { deployedShards } from '../../../src/store/shard/deployment.ts'
import type { Places } from '../../support/judging/evidence.ts'
import type { Difference } from '../../support/judging/promise.ts'
import { isRecord } from '../../support/load/answers.ts'
import type { History } from '../../support/load/history.ts'
import { redisHolding } from '../../support/servers/redis-cluster.ts'
import type { JournalStream } from './journal.ts'

const shown = 5

/** I4: every hash of each shard in Redis is what the decisions in Postgres add up to, and there is no other. */
export async function redisWrong(places: Places, pool: pg.Pool): Promise<Difference[]> {
  const found: Difference[] = []
  for (const shard of await deployedShards(pool)) found.push(...(await shardWrong(places, pool, shard)))
  return found
}

async function shardWrong({ redisUrl, namespace }: Places, pool: pg.Pool, shard: number): Promise<Difference[]> {
  const prefix = keyPrefix(namespace, shard)
  const fold = new Fold()
  for await (const page of readDecisions(pool, shard)) for (const decision of page) fold.add(decision)
  const redis = await redisHolding(redisUrl, prefix)
  redis.on('error', () => {})
  try {
    await redis.connect()
    const own = new Set([...shardKeys(prefix), baseKey(prefix), elsewhereKey(prefix)])
    const keys = (await redis.keys(`${prefix.replace(/[{}]/g, '\\$&')}*`)).filter((key) => !own.has(key))
    const wrong: string[] = keys.filter((key) => !fold.hashes.has(key.slice(prefix.length)))
    const entries = [...fold.hashes]
    const replies = await redis.pipeline(entries.map(([key]) => ['hgetall', prefix + key])).exec()
    for (const [index, [key, fields]] of entries.entries()) {
      const found = (replies?.[index]?.[1] ?? {}) as Record<string, string>
      const names = new Set([...Object.keys(found), ...fields.keys()])
      for (const name of names) {
        if (isRing(name)) continue
        const expected = fields.get(name)
        if (expected !== undefined && String(expected) === found[name]) continue
        wrong.push(`${key} ${name} is ${found[name]} in Redis, ${expected} by the decisions`)
      }
    }
    if (wrong.length === 0) return []
    const what = `Shard ${shard} of Redis is not the fold of Postgres in ${wrong.length} places: ${wrong.slice(0, shown).join('; ')}`
    return [{ rule: 'I4', what }]
  } finally {
    redis.disconnect()
  }
}

/** The journal without what the projection took for no frame of ours: how many those may be is judged by itself (I9). */
export async function withoutDeadLetters(
  streams: readonly JournalStream[],
  pool: pg.Pool
): Promise<readonly JournalStream[]> {
  const { rows } = await pool.query<{ place: string }>(`select stream || ' ' || sequence as place from dead_letters`)
  const dead = new Set(rows.map(({ place }) => place))
  return streams.map((stream) => ({
    ...stream,
    messages: stream.messages.filter(({ sequence }) => !dead.has(`${stream.name} ${sequence}`))
  }))
}

/** Postgres is the fold of the journal: the same frames, each once; I10: no frame behind its fence. */
export async function journalWrong(
  streams: readonly JournalStream[],
  pool: pg.Pool,
  { republished }: { readonly republished: boolean }
): Promise<Difference[]> {
  const stored = await storedFrames(pool)
  const found: Difference[] = []
  const journaled = new Set<string>()
  const newest = new Map(streams.map(({ shard, epoch }) => [shard, epoch]))
  for (const { name, shard, epoch, sealed, messages } of streams) {
    for (const message of messages) {
      if (message.entry === undefined) continue
      journaled.add(message.entry)
      // a lost journal is published again, on the stream of a later epoch
      const fits = republished ? message.epoch <= epoch : message.epoch === epoch
      if (!fits) found.push({ rule: 'I10', what: `${name} holds frame ${message.entry}` })
    }
    if (!sealed && epoch !== newest.get(shard))
      found.push({ rule: 'I10', what: `${name} is not sealed, and a newer stream exists` })
  }
  const known = new Set(stored.map(({ entry }) => entry))
  const lost = [...journaled].filter((entry) => !known.has(entry))
  if (lost.length > 0) {
    found.push({
      rule: 'I1',
      what: `${lost.length} frames are in the journal only: ${lost.slice(0, shown).join(', ')}`
    })
  }
  const first = new Map(streams.map(({ shard, epoch, first }) => [`${shard}-${epoch}`, first]))
  const held = stored.filter(
    ({ shard, epoch, sequence }) => sequence >= (first.get(`${shard}-${epoch}`) ?? Number.POSITIVE_INFINITY)
  )
  const invented = held.map(({ entry }) => entry).filter((entry) => !journaled.has(entry))
  if (invented.length > 0 && !republished) {
    const what = `${invented.length} frames are in Postgres and not in the journal: ${invented.slice(0, shown).join(', ')}`
    found.push({ rule: 'I12', what })
  }
  return found
}

interface StoredFrame {
  /** `<shard>-<epoch>-<batch>` */
  readonly entry: string
  readonly shard: number
  /** where it was read: epoch of the stream, and sequence in it */
  readonly epoch: number
  readonly sequence: number
}

async function storedFrames(pool: pg.Pool): Promise<StoredFrame[]> {
  const { rows } = await pool.query<StoredFrame>(
    `select concat_ws('-', shard, epoch, batch) as entry, shard, stream_epoch as epoch, stream_sequence as sequence from frames`
  )
  return rows
}

/** I12: every confirmed decision is in the journal; once it is in Postgres too, the journal may let it go. */
export async function confirmedUnjournaled(
  history: History,
  streams: readonly JournalStream[],
  pool: pg.Pool
): Promise<Difference[]> {
  if (streams.some(({ first }) => first > 1)) {
    const { rows } = await pool.query<{ id: string }>(
      `select concat_ws('-', shard, epoch, sequence) as id from decisions`
    )
    return unjournaled(history, new Set(rows.map(({ id }) => id)))
  }
  const decided = new Set(streams.flatMap(({ messages }) => messages.flatMap(({ decisions }) => decisions)))
  return unjournaled(history, decided)
}

function unjournaled(history: History, decided: ReadonlySet<string>): Difference[] {
  const confirmed = new Set(
    history.attempts.flatMap(({ result }) => (result?.kind === 'ok' ? decisionIn(result.body) : []))
  )
  const missing = [...confirmed].filter((id) => !decided.has(id))
  if (missing.length === 0) return []
  const what = `${missing.length} confirmed decisions are not in the journal: ${missing.slice(0, shown).join(', ')}`
  return [{ rule: 'I12', what }]
}

function decisionIn(body: unknown): string[] {
  return isRecord(body) && typeof body.eventId === 'string' ? [body.eventId] : []
}
