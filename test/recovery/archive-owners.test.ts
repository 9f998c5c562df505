import { pino } from 'pino'
import t, { type Test } from 'tap'
import type { Command } from '../../src/gate/batch/commands.ts'
import type { InRedis } from '../../src/gate/redis/outbox.ts'
import { compareCheckpoint } from '../../src/recovery/compare/compare-checkpoint.ts'
import {
  type ArchivePart,
  archiveParts,
  askArchive,
  findArchive,
  movePart,
  noteCompared,
  stopArchive
} from '../../src/store/campaigns/archives.ts'
import { ArchiveDriver } from '../../src/worker/archive/driver.ts'
import { freshDatabase } from '../support/servers/database.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { waitFor } from '../support/wait.ts'

// What the owners of two shards may do of one archive, and one who stood still while another went on.

const { databaseUrl } = await sharedServers(t)
const { pool, config } = await freshDatabase(t, databaseUrl)
const id = 'past'
/** of a file without a line: nothing was decided here */
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const TERM = 6

/** another campaign, whose archive is asked for later */
const later = 'past-later'

await pool.query("insert into campaigns (campaign_id, author) values ($1, 'ada'), ($2, 'ada')", [id, later])
await pool.query("insert into shards (shard, epoch, state, owner_term) values (0, 1, 'open', $1), (1, 1, 'open', $1)", [
  TERM
])

async function ask(): Promise<void> {
  await pool.query('delete from archive_parts')
  await pool.query('delete from archives')
  await askArchive(pool, { campaign: id, sha256: EMPTY, reason: 'over', operator: 'ada' }, [0, 1])
}

async function partOf(shard: number, campaign = id): Promise<ArchivePart> {
  const part = (await archiveParts(pool, campaign))[shard]
  if (part === undefined) throw new Error(`no part of shard ${shard}`)
  return part
}

async function move(shard: number, change: Partial<ArchivePart>, ownerTerm = TERM): Promise<boolean> {
  return movePart(pool, { part: await partOf(shard), ownerTerm }, change)
}

const asked: Command[] = []
const driver = new ArchiveDriver({
  pool,
  gate: {
    numbers: [0],
    look: async () => ({ opening: 1, time: 0, oldestBatch: undefined, last: { batch: 0, sequence: 0 }, units: [] }),
    submit: async (command) => {
      asked.push(command)
      return { kind: 'unavailable', reason: 'a test', retryAfterMs: 1 }
    }
  },
  shard: 0,
  ownerTerm: TERM,
  namespace: config.NAMESPACE,
  redis: {} as InRedis['redis'],
  prefix: '',
  logger: pino({ level: 'silent' })
})

/** Steps until a shard waits: how far one step comes depends on how fast the machine is. */
async function stepUntil(t: Test, wanted: Partial<ArchivePart>, campaign = id): Promise<void> {
  const is = async () => {
    await driver.step()
    const { step, waitsFor } = await partOf(0, campaign)
    return step === wanted.step && waitsFor === wanted.waitsFor
  }
  await waitFor(is, { what: `${campaign} to wait for ${wanted.waitsFor}` })
  t.match(await partOf(0, campaign), wanted)
}

t.test('the file is looked at once all shards have noted what they decided last', async (t) => {
  await ask()
  await stepUntil(t, { step: 'comparing', waitsFor: 'other shards, which begin' })
  t.equal((await findArchive(pool, id))?.comparedAt, null)
  await move(1, { step: 'comparing' })
  await stepUntil(t, { step: 'compared', waitsFor: 'other shards, which compare' })
  t.ok((await findArchive(pool, id))?.comparedAt)
})

t.test('an archive that waits holds up no other one of its shard', async (t) => {
  await ask()
  await pool.query("update archives set requested_at = now() - interval '1 minute'")
  await askArchive(pool, { campaign: later, sha256: EMPTY, reason: 'over', operator: 'ada' }, [0, 1])
  await movePart(pool, { part: await partOf(1, later), ownerTerm: TERM }, { step: 'comparing' })
  await stepUntil(t, { step: 'comparing', waitsFor: 'other shards, which begin' })
  await stepUntil(t, { step: 'comparing', waitsFor: 'another archive, which is compared' }, later)
  await move(1, { step: 'comparing' })
  await stepUntil(t, { step: 'compared', waitsFor: 'other shards, which compare' })
  await stepUntil(t, { step: 'compared', waitsFor: 'other shards, which compare' }, later)
  t.ok((await findArchive(pool, later))?.comparedAt, 'each file was looked at')
})

t.test('nothing is removed in a shard while another one may still stop the archive', async (t) => {
  await ask()
  await move(0, { step: 'removing', next: 1 })
  await move(1, { step: 'marking' })
  await driver.step()
  t.match(await partOf(0), { step: 'removing', waitsFor: 'other shards, which mark' })
  t.equal(asked.length, 0)
  t.equal(await stopArchive(pool, id, 'something came later'), true)
  t.equal(await askArchive(pool, { campaign: id, sha256: EMPTY, reason: 'again', operator: 'ada' }, [0, 1]), true)
  t.match(await archiveParts(pool, id), [{ step: 'asked' }, { step: 'asked' }], 'it begins anew')
  await move(0, { step: 'removing', next: 1 })
  await move(1, { step: 'removing', next: 1 })
  await driver.step()
  t.match(asked, [{ op: 'remove', key: `x:arc:${id}:1` }])
  t.equal(await stopArchive(pool, id, 'too late'), false)
})

t.test('a worker that stood still writes nothing of what it read before', async (t) => {
  await ask()
  await pool.query("update archives set requested_at = now() - interval '1 minute'")
  const read = await partOf(0)
  const archive = await findArchive(pool, id)
  t.equal(await movePart(pool, { part: read, ownerTerm: TERM - 1 }, { step: 'comparing' }), false)
  t.match(await partOf(0), { step: 'asked' })
  await stopArchive(pool, id, 'the checkpoint differs')
  await askArchive(pool, { campaign: id, sha256: EMPTY, reason: 'again', operator: 'ada' }, [0, 1])
  if (archive) await noteCompared(pool, archive)
  t.equal((await findArchive(pool, id))?.comparedAt, null, 'the file of then')
  const now = await findArchive(pool, id)
  if (now) await noteCompared(pool, now)
  t.ok((await findArchive(pool, id))?.comparedAt)
})

t.test('a balance of a campaign that is being removed is no difference to the archive of another one', async (t) => {
  await ask()
  await pool.query(`insert into checkpoint_rows (shard, hash, fields) values (0, 'u:ann', '["b:past/coins","7"]')`)
  const differences = async () => {
    const found: string[] = []
    for await (const page of compareCheckpoint({ pool, shard: 0 })) found.push(...page)
    return found
  }
  t.same(await differences(), ['b:past/coins of ann is 7 in the checkpoint, 0 in balances'])
  await move(0, { step: 'removing' })
  t.same(await differences(), [], 'the row of balances may be gone before the field')
})
