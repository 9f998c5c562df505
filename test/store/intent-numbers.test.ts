import t from 'tap'
import type { Frame, FrameDecision } from '../../src/journal/frame.ts'
import { replayField } from '../../src/record/replay.ts'
import { insertIntent } from '../../src/store/campaigns/intents.ts'
import { openSession } from '../../src/store/connection/pool.ts'
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
  t.equal(await ask(), first + 1, 'its own numbers change nothing')

  await project(2, [adjusted(2, 900), adjusted(3, 41)])
  t.equal(await ask(), 901, 'one of before it went back was higher')

  await project(3, [adjusted(4, 300)])
  t.equal(await ask(), 902, 'numbers only rise')
})
