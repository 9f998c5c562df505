import t from 'tap'
import { openSignalLine } from '../../src/journal/signals.ts'
import { streamNames } from '../../src/journal/subjects.ts'
import { toldMoments } from '../../src/store/campaigns/told-moments.ts'
import { readShardFigures } from '../../src/store/shard/figures.ts'
import { readStoreFacts } from '../../src/store/shard/health.ts'
import { growthCampaign } from '../end-to-end/growth-campaign.ts'
import { fillArchived } from '../support/shop/archived-rows.ts'
import { type Cost, costOf, noteStatements } from '../support/shop/explained.ts'
import { startMallShop } from '../support/shop/mall-shop.ts'
import { waitFor } from '../support/wait.ts'

// What a worker and a gateway ask by themselves, and what users of one live campaign do, reads as much beside 42 archived campaigns as beside 2.

const ROWS = 100
/** Plans differ a little by chance in what they read of the live campaign; one that reads what is archived reads 40 rows more at least. */
const SLACK = 25

/** Asked once for each opening, and a row for each listener is all that it reads. */
const ONCE = 'name from listeners where shard'

/** Parts of statements of loops: once these were sent, every loop has run. */
const loops = [
  'from share_texts t where not kept',
  'from win_details w where not kept',
  'delete from share_visitors',
  'delete from user_texts',
  'update admin_requests set body',
  'from settlements where settled_at is null',
  'where settled and rules is not null',
  "where review = 'publishing'",
  'from campaigns where published_version is not null and not archived',
  'from sold_out o left join stock',
  'from stock group by',
  'from archive_parts p join archives',
  'from campaign_holds',
  "from intents where state = 'open'",
  'from imports',
  "from task_counts\n     where state = 'due'",
  'from credits where next_attempt_at',
  'from level_states where next_attempt_at',
  'from level_recounts',
  'from orders\n',
  'from claims',
  "from board_periods where state <> 'frozen'",
  "from board_periods\n     where state = 'frozen'",
  'from checkpoint_rows',
  'insert into attempt_times',
  'delete from attempt_times where seconds = 60',
  'from refusal_samples order by'
]

const sent = noteStatements()
const shop = await startMallShop(t)
const { pool } = shop
await shop.publish(growthCampaign('live', Date.now()))
const live = '/v1/campaigns/live'
async function take(user: string, request: string, body?: object) {
  const answer = await shop.ask(user, request, { ...(body && { body }) })
  if (answer.status >= 300) throw new Error(`${request}: ${JSON.stringify(answer.body)}`)
  return answer.body
}
for (const user of ['ann', 'ben']) {
  const { share } = await take(user, `POST ${live}/shares`, {
    channel: 'wechat',
    subject: { type: 'campaign', id: 'live' }
  })
  await take('cid', `POST ${live}/shares/${share.id}/assists`, {})
  await take(user, `POST ${live}/sales/case/orders`, { quantity: 1 })
  await take(user, `GET ${live}/me`)
}
shop.signals.tell()
const line = openSignalLine(shop.natsUrl, { creds: '', names: streamNames(shop.config.NAMESPACE) })
t.teardown(() => line.close())
const tellSignals = setInterval(() => line.send(shop.toldSignals[0] ?? ''), 500)
t.teardown(() => clearInterval(tellSignals))
await take('ann', 'GET /v1/campaigns')
await toldMoments(pool, 'live')
await readShardFigures(pool)
await readStoreFacts(pool, 0)
const missing = () => loops.filter((part) => ![...sent.keys()].some((text) => text.includes(part)))
await waitFor(() => missing().length === 0, { what: 'every loop to run' }).catch((error: Error) => {
  throw new Error(`${error.message}: ${missing().join('; ')}`)
})
await shop.stopWorker()
const statements = [...sent].filter(([text]) => !text.startsWith('explain'))

async function costs(): Promise<Map<string, Cost | undefined>> {
  const found = new Map<string, Cost | undefined>()
  for (const [text, values] of statements) found.set(text, await costOf(pool, text, values))
  return found
}

await fillArchived(pool, { from: 1, to: 2, rows: ROWS })
const few = await costs()
await fillArchived(pool, { from: 3, to: 42, rows: ROWS })
const many = await costs()

t.test('no statement reads more beside more archived campaigns', async (t) => {
  for (const [text] of statements) {
    const [before, after] = [few.get(text), many.get(text)]
    if (before === undefined || after === undefined || text.includes(ONCE)) continue
    const said = `${text.replace(/\s+/g, ' ').trim()}: ${JSON.stringify({ before, after })}`
    t.ok(after.rows - before.rows <= SLACK, said)
  }
})
