import { failPoint } from '../../config/fail-points.ts'
import { LAYOUT } from '../../gate/redis/base.ts'
import type { OpeningScripts } from '../../gate/redis/opening-scripts.ts'
import { checkpointPages, readCheckpoint } from '../../store/projection/checkpoint.ts'
import { alongIndexes, readDecisions, readStock } from '../../store/projection/restore.ts'
import { readBalances } from '../../store/reading/ledger.ts'
import { Fold } from './fold-users.ts'
import type { LogStep, RecoveryParts } from './parts.ts'
import { Sample, verify } from './verify.ts'
import { forgottenHash, RestoreCalls, restoredHashes, SupersededError, wholeHash, wipe } from './write-redis.ts'

const LOG_EVERY = 100_000

/**
 * Steps 5 and 6 where Redis is no prefix of the truth: everything is written anew. Redis adds up the sums of each page of decisions,
 * so recovery holds one page and not the whole shard, and Redis writes one page while Postgres reads the next.
 * @param log reports progress: with millions of decisions this takes long
 * @throws SupersededError, VerificationError, the error of any server that does not answer
 */
export async function rebuild(parts: RecoveryParts, scripts: OpeningScripts, log: LogStep): Promise<void> {
  const { session, shard, redis, prefix } = parts
  const target = { redis, prefix, scripts }
  log('folding', { decisions: 0 })
  await wipe(target)
  if (failPoint) await failPoint('R7')
  const calls = new RestoreCalls(target)
  const window = new Fold()
  const sample = new Sample()
  const checkpoint = await readCheckpoint(session, shard)
  // rows of another layout are no help; nothing was archived then, because a layout rises only with a function that reads the old one
  const from = checkpoint.layout === LAYOUT ? checkpoint : undefined
  // the place of the data that were here is not that of what is written now
  await calls.write([forgottenHash(from?.forgotten ?? { epoch: 0, sequence: 0 })])
  let decisions = 0
  await alongIndexes(session, async () => {
    if (from) {
      log('writing what is folded already', { epoch: from.epoch, sequence: from.sequence })
      for await (const page of checkpointPages(session, shard)) {
        for (const row of page) sample.seed(row.hash, row.fields)
        await calls.write(page.map(({ hash, fields }) => wholeHash(hash, fields)))
      }
      const now = await readCheckpoint(session, shard)
      const isSame = [now, now.forgotten].every(({ epoch, sequence }, index) => {
        const before = index === 0 ? from : from.forgotten
        return epoch === before.epoch && sequence === before.sequence
      })
      if (!isSame) throw new SupersededError('The checkpoint was moved on while it was being read.')
    }
    for await (const page of readDecisions(session, shard, from)) {
      for (const decision of page) {
        window.add(decision)
        sample.add(decision)
      }
      await calls.write(restoredHashes(window.hashes))
      window.clear()
      decisions += page.length
      if (decisions % LOG_EVERY === 0) log('folding', { decisions })
    }
  })
  await calls.end()
  log('comparing Redis with Postgres', { decisions, hashes: calls.created })
  const summed = { stock: await readStock(session, shard), balances: readBalances(session, shard) }
  await verify(target, { hashes: calls.created, sample }, summed)
}
