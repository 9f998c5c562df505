import { failPoint } from '../../config/fail-points.ts'
import { type DataPlace, LAYOUT } from '../../gate/redis/base.ts'
import type { ClosedData, OpeningScripts } from '../../gate/redis/opening-scripts.ts'
import { giveKeys, readOutbox } from '../../gate/redis/outbox.ts'
import { userOfKey } from '../../record/keys.ts'
import { readCheckpoint } from '../../store/projection/checkpoint.ts'
import { isBefore } from '../../store/projection/forgetting.ts'
import { alongIndexes, type FoldedDecision, readDecisions, readStock } from '../../store/projection/restore.ts'
import { countFrames, epochsWithFrames, hasDeadLetters, openingsFrom, readDemands } from '../../store/shard/openings.ts'
import { Fold } from './fold-users.ts'
import type { LogStep, RecoveryParts } from './parts.ts'
import { verifyCaughtUp } from './verify-caught-up.ts'
import { dropBase, restoredHashes, SupersededError } from './write-redis.ts'

/**
 * Step 5: Redis is a prefix of the truth if Postgres knows the opening that its data belong to, and has every frame of it up to the
 * data's last one, with as many decisions. (The count is what finds frames that were decided and never journaled.)
 * @param data what `close` found
 * @returns why Redis must be written anew, in words; undefined when it can catch up
 */
export async function whyRebuild(
  { session, shard, names }: Pick<RecoveryParts, 'session' | 'shard' | 'names'>,
  data: ClosedData | undefined
): Promise<string | undefined> {
  if (data === undefined) return 'the data in Redis belong to no opening that is known'
  if (data.layout !== LAYOUT) return `the data in Redis have layout ${data.layout}, this version writes ${LAYOUT}`
  const openings = await openingsFrom(session, shard, data.epoch)
  const [own] = openings
  if (own?.epoch !== data.epoch || own.token !== data.token || !own.opened)
    return `Postgres does not know the opening ${data.epoch} that the data in Redis belong to`
  const { floor, rebuildAsked } = await readDemands(session, shard)
  if (rebuildAsked) return 'somebody asked for it'
  const { forgotten } = await readCheckpoint(session, shard)
  if (isBefore(forgotten, data.forgotten)) return 'Redis has forgotten more than Postgres says'
  // what Redis has still to forget must be there too
  if (isBefore(data, floor) || isBefore(data.forgotten, floor))
    return 'decisions that the data in Redis lack were archived'
  const after = own.completeBatch
  const stored = await countFrames(session, { shard, epoch: data.epoch, after, upTo: data.batch })
  const hasAll =
    data.batch <= after
      ? data.sequence <= own.completeSequence
      : stored.frames === data.batch - after && stored.decisions === data.sequence - own.completeSequence
  if (!hasAll)
    return `Redis decided ${data.batch} frames under epoch ${data.epoch}, and the journal does not have all of them`
  if (
    await hasDeadLetters(
      session,
      openings.map(({ epoch }) => names.journalStream(shard, epoch))
    )
  )
    return `the journal since epoch ${data.epoch} has messages that are no frames`
  const later = await epochsWithFrames(session, shard, data.epoch)
  const known = new Set(openings.filter(({ token }) => token !== '').map(({ epoch }) => epoch))
  const strange = later.find((epoch) => !known.has(epoch))
  return strange === undefined ? undefined : `epoch ${strange} was opened by an earlier version`
}

const SETTLED_AT_ONCE = 64

/** Takes and gives of Redis must both be there before anything is added: what the outbox holds is settled first, then kept goes. */
async function settleLeft(parts: RecoveryParts, scripts: OpeningScripts): Promise<void> {
  const frames = await readOutbox(parts)
  for (let from = 0; from === 0 || from < frames.length; from += SETTLED_AT_ONCE) {
    const some = frames.slice(from, from + SETTLED_AT_ONCE)
    const given = new Set(some.flatMap(({ gives }) => giveKeys(gives)))
    const left = await scripts.settleLeft(
      some.map(({ entry }) => entry),
      given
    )
    if (left === undefined) throw new SupersededError('Another recovery has taken over the shard.')
    const isLast = from + SETTLED_AT_ONCE >= frames.length
    if (isLast && left > 0)
      throw new Error(`${left} frames of the outbox could not be settled: a key they give to is not readable.`)
  }
}

/** Pages of whole frames: what is left of the last frame of a page comes with the next one. */
async function* wholeFrames(pages: AsyncIterable<FoldedDecision[]>): AsyncGenerator<FoldedDecision[]> {
  let begun: FoldedDecision[] = []
  for await (const page of pages) {
    const all = [...begun, ...page]
    const last = all.at(-1)
    const from = all.findIndex(({ epoch, batch }) => epoch === last?.epoch && batch === last.batch)
    begun = all.slice(from)
    if (from > 0) yield all.slice(0, from)
  }
  if (begun.length > 0) yield begun
}

const LOG_EVERY = 100_000
const COMPARED_USERS = 200

/**
 * Steps 5 and 6 where Redis is a prefix of the truth: applies the decisions that it lacks, in pages of which each moves the data's
 * place, and compares.
 * @throws SupersededError, VerificationError (the next recovery then writes Redis anew), the error of any server
 */
export async function catchUp(
  parts: RecoveryParts,
  { scripts, data }: { readonly scripts: OpeningScripts; readonly data: ClosedData },
  log: LogStep
): Promise<void> {
  const { session, shard, redis, prefix } = parts
  await settleLeft(parts, scripts)
  if (failPoint) await failPoint('R7')
  const tokens = new Map((await openingsFrom(session, shard, data.epoch)).map(({ epoch, token }) => [epoch, token]))
  const users = new Set<string>()
  const window = new Fold()
  let place: DataPlace = data
  let decisions = 0
  await alongIndexes(session, async () => {
    for await (const page of wholeFrames(readDecisions(session, shard, data))) {
      for (const decision of page) window.add(decision)
      const last = page.at(-1)
      if (last === undefined) continue
      const { epoch, batch, sequence } = last
      const next = { epoch, batch, sequence, token: tokens.get(epoch) ?? '', layout: LAYOUT }
      const step = { after: place, place: next, newestAt: last.at_ms }
      if (!(await scripts.applyPage(step, restoredHashes(window.hashes))))
        throw new SupersededError('Another recovery has taken over the shard.')
      for (const key of window.hashes.keys()) {
        const user = userOfKey(key)
        if (user !== undefined && users.size < COMPARED_USERS) users.add(user)
      }
      window.clear()
      place = next
      if (Math.floor((decisions + page.length) / LOG_EVERY) > Math.floor(decisions / LOG_EVERY))
        log('catching up', { decisions })
      decisions += page.length
    }
  })
  log('comparing Redis with Postgres', { decisions })
  const target = { redis, prefix, scripts }
  try {
    await verifyCaughtUp(
      target,
      { session, shard, users: [...users], forgotten: data.forgotten },
      await readStock(session, shard)
    )
  } catch (error) {
    // so that the next recovery does not trust these data
    await dropBase(target)
    throw error
  }
}
