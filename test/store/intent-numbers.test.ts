import t from 'tap'
import type { Frame, FrameDecision } from '../../src/journal/frame.ts'
import { replayField } from '../../src/record/replay.ts'
import { insertGrants } from '../../src/store/campaigns/grants.ts'
import { insertIntent } from '../../src/store/campaigns/intents.ts'
import { insertJob } from '../../src/store/campaigns/jobs.ts'
import { openSession } from '../../src/store/connection/pool.ts'
import type { Queryable } from '../../src/store/connection/transaction.ts'
import { storeFrames } from '../../src/store/projection/projection.ts'
import { takeShard } from '../../src/store/shard/shards.ts'
import { foldFrames } from '../../src/worker/projection/fold-frames.ts'
import { freshDatabase } from '../support/servers/database.ts'
import { sharedServers } from '../support/servers/servers.ts'

const { databaseUrl } = await sharedServers(t)
const EPOCH = 1_700_000_000

function adjusted(seq: number, intent: number): FrameDecision {
  const names = { campaign: 'launch', activity: '', hash: '' }
  return { seq, type: 'campaign.adjusted', user: '$system', key: replayField.intent(intent), ...names, request: {} }
}

t.test('no number of an intent that the journal knows is given again, also by a Postgres that went back', async (t) => {
  const { pool, config } = await freshDatabase(t, databaseUrl)
  const session = await openSession(config, 'intent-numbers-test')
  t.teardown(() => session.end())
  const ownerTerm = (await takeShard(session, config.NAMESPACE, 0)) ?? 0
  await pool.query("insert into campaigns (campaign_id, author) values ('launch', 'ada')")
  const ask = () =>
    insertIntent(pool, {
      campaign: 'launch',
      activity: '',
      user: '$system',
      type: 'campaign.adjusted',
      puts: [],
      adds: [],
      request: '{}',
      by: 'ada'
    })
  const project = (batch: number, decisions: FrameDecision[]) => {
    const frames: Frame[] = [{ v: 1, shard: 0, epoch: EPOCH, batch, at: EPOCH * 1000 + batch, decisions }]
    return storeFrames(session, {
      shard: 0,
      ownerTerm,
      frames: frames.map((frame) => ({
        epoch: EPOCH,
        batch,
        stream_epoch: EPOCH,
        stream_sequence: batch,
        decided_at: frame.at,
        decisions: decisions.length,
        first_sequence: decisions[0]?.seq ?? 0
      })),
      deadLetters: [],
      position: { epoch: EPOCH, sequence: batch },
      fold: (fresh) => foldFrames(frames, fresh)
    })
  }

  const first = await ask()
  await project(1, [adjusted(1, first)])
  const second = await ask()
  t.ok(second > first, 'its own numbers change nothing')

  const ahead = second + 3_600_000_000
  await project(2, [adjusted(2, ahead), adjusted(3, 41)])
  t.equal(await ask(), ahead + 1, 'one of before it went back was higher, by a clock that was ahead')

  await project(3, [adjusted(4, second)])
  t.equal(await ask(), ahead + 2, 'numbers only rise')
})

t.test('numbers of intents and jobs do not come again before the journal is read', async (t) => {
  const { pool } = await freshDatabase(t, databaseUrl, 8)
  await pool.query("insert into campaigns (campaign_id, author) values ('launch', 'ada')")
  const names = { campaign: 'launch', operator: 'ada', reason: 'a test' }
  let asked = 0
  const askForJob = async (db: Queryable = pool) => {
    asked += 1
    return (await insertJob(db, { ...names, kind: 'cancellation', asked: { activity: 'a' }, key: `job-${asked}` })).id
  }
  const grant = { type: 'balance.credited', user: 'ann', key: 'u:ann', field: 'b:points', amount: 1, request: '{}' }
  const askForGrants = async () => {
    asked += 1
    const grants = [1, 2, 3].map((n) => ({ ...grant, requestKey: `${asked}/${n}`, requestHash: '', after: {} }))
    await insertGrants(pool, { ...names, grants })
    const { rows } = await pool.query<{ ids: number[] }>(
      `select array_agg(intent_id::float8 order by request_key) as ids from intents where request_key like '${asked}/%'`
    )
    return rows[0]?.ids ?? []
  }
  const intents = [await askForGrants(), await askForGrants()].flat()
  t.same(
    intents,
    intents.toSorted((a, b) => a - b),
    'in the order in which they are asked for'
  )
  const jobs = [await askForJob(), await askForJob()]
  await pool.query("delete from jobs; select setval('jobs_job_id_seq', 1); select setval('intents_intent_id_seq', 1)")
  const again = await askForGrants()
  t.ok(Math.min(...again) > Math.max(...intents))
  t.ok((await askForJob()) > Math.max(...jobs))

  const many = (await Promise.all(Array.from({ length: 40 }, () => askForJob()))).toSorted((a, b) => a - b)
  t.equal(new Set(many).size, 40, 'those who ask at once get different ones')

  const open = await pool.connect()
  await open.query('begin')
  await askForJob(open)
  t.ok(await askForJob(), 'who has one and has not committed yet keeps nobody waiting')
  await open.query('rollback')
  open.release()
})
