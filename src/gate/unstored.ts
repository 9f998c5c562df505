import type { ChainableCommander, Redis } from 'ioredis'
import {
  decisionId,
  entityOfDecision,
  type Frame,
  type FrameDecision,
  parseFrame,
  recordField
} from '../journal/frame.ts'
import { UnavailableError, type UnstoredDecision } from './gate.ts'
import { logical, shardKeys } from './keys.ts'
import { withDeadline } from './reads.ts'

const FRAMES_MAX = 200

/** A replay record, `hash;epoch;sequence;batch;...`: which frame it came with. */
const RECORD = /^[^;]*;(\d+);\d+;(\d+);/

/** Frames of a user's decisions, newest first: `<epoch>-<batch>`. */
function framesIn(fields: Record<string, string>): string[] {
  const frames = new Map<string, readonly [epoch: number, batch: number]>()
  for (const [field, record] of Object.entries(fields)) {
    if (!field.startsWith('u:') && !field.startsWith('x:')) continue
    const [, epoch = '', batch = ''] = RECORD.exec(record) ?? []
    if (epoch !== '') frames.set(`${epoch}-${batch}`, [Number(epoch), Number(batch)])
  }
  const newest = [...frames].sort(([, a], [, b]) => b[0] - a[0] || b[1] - a[1])
  return newest.slice(0, FRAMES_MAX).map(([entry]) => entry)
}

function unstored(frame: Frame, decision: FrameDecision, journaled: boolean): UnstoredDecision {
  const entity = entityOfDecision(frame, decision)
  return {
    id: decisionId(frame, decision.seq),
    type: decision.type,
    key: decision.key,
    campaign: decision.campaign,
    activity: decision.activity,
    at: frame.at,
    report: decision.report ?? '',
    entity: `${frame.shard}-${entity}`,
    record: entity === '' ? '' : (decision.put?.u?.[recordField(decision.type, entity)] ?? ''),
    request: decision.request,
    // a script names other users' hashes by their keys; `u` is the one of this decision
    moved: decision.add?.u ?? decision.add?.[logical.user(decision.user)] ?? {},
    journaled
  }
}

async function inOneMoment(transaction: ChainableCommander): Promise<unknown[]> {
  const replies = await withDeadline(transaction.exec(), 'reading frames')
  return (replies ?? []).map(([error, value]) => {
    if (error) throw new UnavailableError(`Redis refused: ${error.message}`)
    return value
  })
}

/**
 * Decisions of a user that Postgres may not have: those whose frames are in the outbox (not journaled) or kept. A frame
 * leaves kept only after Postgres has it, so whoever asks Postgres afterwards misses nothing. Frames are read by name, one
 * for each batch that the user was in, never by a scan: kept is large while the worker is away.
 * @throws UnavailableError
 */
export async function unstoredDecisions(
  redis: Redis,
  { shard, prefix }: { readonly shard: number; readonly prefix: string },
  user: string
): Promise<UnstoredDecision[]> {
  const fields = await withDeadline(redis.hgetall(prefix + logical.user(user)), 'reading a user')
  const frames = framesIn(fields)
  if (frames.length === 0) return []
  const [, outbox, kept] = shardKeys(prefix)
  // one transaction: a frame that moves from outbox to kept in between would be seen in neither
  const transaction = redis.multi().hmget(kept, ...frames)
  for (const entry of frames) transaction.xrange(outbox, entry, entry)
  const [known, ...waiting] = await inOneMoment(transaction)
  const found: UnstoredDecision[] = []
  for (const [index, stored] of (known as Array<string | null>).entries()) {
    const [entry] = waiting[index] as Array<[id: string, fields: string[]]>
    const parsed = parseFrame(entry?.[1][1] ?? stored ?? '')
    if (!parsed.ok || parsed.frame.shard !== shard) continue
    for (const decision of parsed.frame.decisions) {
      if (decision.user === user) found.push(unstored(parsed.frame, decision, entry === undefined))
    }
  }
  return found
}
