import { createHash } from 'node:crypto'
import type { Test } from 'tap'
import { Campaigns } from '../../../src/campaign/lifecycle/lifecycle.ts'
import { archiveLines } from '../../../src/export/archive.ts'
import { storeFinal } from '../../../src/export/report/report.ts'
import { isOfCampaign } from '../../../src/record/campaign-fields.ts'
import { isRing } from '../../../src/record/fields.ts'
import { archiveParts, findArchive } from '../../../src/store/campaigns/archives.ts'
import { ada, ben, HOUR, iso, openDefinition } from '../../campaign/at-the-gate.ts'
import type { ServerUrls, Teardown } from '../servers/servers.ts'
import { waitFor } from '../wait.ts'
import { buy, type Core, insist, startCore } from './core.ts'
import { atRest, decisionOf, type Shop } from './shop.ts'

const PATIENT = { deadlineMs: 180_000 }

/** A worker that forgets within a second, a gate and the lifecycle: campaigns that are final at once. */
export interface ArchiveShop extends Shop {
  readonly campaigns: Campaigns
  /** starts a worker instead of the one before */
  readonly nextWorker: () => Promise<void>
}

export async function openArchiveShop(t: Teardown, urls: ServerUrls): Promise<ArchiveShop> {
  const core: Core = await startCore(t, { ...urls, env: { ...urls.env, KEY_RETENTION: '1' } })
  let stop = core.worker()
  const parts = await core.gateway()
  await parts.gate.ready()
  const campaigns = new Campaigns({ pool: core.pool, gate: parts.gate }, { carryMs: 20_000 })
  const sale = { campaign: 'past', sale: 'phone', stock: 500 }
  const nextWorker = async () => {
    await stop()
    stop = core.worker()
  }
  return { ...parts, core, sale, campaigns, stopWorker: () => stop(), nextWorker }
}

/** Publishes a campaign with one sale, whose orders are unpaid for three seconds, points of the account and coins of its own. */
export async function openCampaign({ campaigns }: ArchiveShop, id: string): Promise<void> {
  const [opensAt, closesAt] = [iso(Date.now() - HOUR / 2), iso(Date.now() + HOUR / 2)]
  const sale = { payWithinSeconds: 3, unitsPerUser: 9, sessions: [{ id: 'am', opensAt, closesAt, stock: 5000 }] }
  const units = { points: { scope: 'account' }, coins: { scope: 'campaign' } }
  const changes = { policies: { returnWithinDays: 0, cancellable: 'unpaid' }, limits: {}, units }
  await campaigns.save({ id, input: openDefinition(id, sale, changes) }, ada)
  await campaigns.submit(id, ada)
  await campaigns.approve(id, ben)
  await campaigns.publish(id, ben)
}

/** Users buy, and the first of them get points and coins. */
export async function takePart(shop: ArchiveShop, id: string, users: readonly string[]): Promise<void> {
  const sale = { campaign: id, sale: 'phone' }
  for (const user of users)
    decisionOf(await insist(() => shop.gate.submit(buy(sale, user, { key: `u:${id}-${user}` }))))
  for (const user of users.slice(0, 3))
    for (const unit of ['points', 'coins']) await shop.campaigns.grant({ campaign: id, user, unit, amount: 7 }, ada)
}

/** Ends and settles a campaign, and waits until nothing asks for its decisions any more. */
export async function makeFinal({ campaigns, core }: ArchiveShop, id: string): Promise<void> {
  await campaigns.end(id, ada)
  await campaigns.settle(id, ada)
  await waitFor(async () => (await campaigns.get(id)).settled, { what: 'the settlement', ...PATIENT })
  await storeFinal(core.pool, id, { ...ada, now: Date.now() })
  const ready = async () => (await campaigns.planArchive(id)).waitsFor.length === 0
  await waitFor(ready, { what: 'nothing more to wait for', ...PATIENT })
}

export async function digestOf({ core }: ArchiveShop, id: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const line of archiveLines(core.pool, { namespace: core.config.NAMESPACE, campaign: id }))
    hash.update(`${line}\n`)
  return hash.digest('hex')
}

/** Asks for the archive of a campaign, by the digest of its file. */
export async function askFor(shop: ArchiveShop, id: string): Promise<void> {
  await shop.campaigns.archive({ id, sha256: await digestOf(shop, id) }, ada)
}

export async function untilArchived({ campaigns, core }: ArchiveShop, id: string): Promise<void> {
  const done = async () => (await campaigns.get(id)).archived
  await waitFor(done, { what: 'the archive', ...PATIENT }).catch(async (error: Error) => {
    const how = { parts: await archiveParts(core.pool, id), archive: await findArchive(core.pool, id) }
    throw new Error(`${error.message}: ${JSON.stringify(how)}`)
  })
}

/** Nothing of a campaign is in Redis or in what Postgres has of what is live, and balances of accounts are as they were. */
export async function assertGone(
  t: Test,
  shop: ArchiveShop,
  { id, users }: { id: string; users: readonly string[] }
): Promise<void> {
  const { redis, prefix, core } = shop
  await atRest(shop)
  const keys = await redis.keys(`${prefix.replace('{', '\\{').replace('}', '\\}')}*`)
  t.same(
    keys.filter((key) => /:[cas]:/.test(key.slice(prefix.length - 1)) && key.slice(prefix.length).split(':')[1] === id),
    [],
    'no rules, no stock'
  )
  const left: string[] = []
  for (const [place, user] of users.entries()) {
    const fields = Object.entries(await redis.hgetall(`${prefix}u:${user}`)).filter(([field]) => !isRing(field))
    const own = fields.filter((field) => isOfCampaign(field, { campaign: id, comments: new Set() }))
    left.push(...own.map(([field]) => `${user} ${field}`))
    if (place < 3) t.ok(Number(Object.fromEntries(fields)['b:points']) >= 7, 'points of the account stay')
  }
  t.same(left, [], 'no field of a user')
  const { rows } = await core.pool.query(
    `select (select count(*)::int from decisions where campaign_id = $1 and not starts_with(key, 'x:arc:')) as decisions,
       (select count(*)::int from stock where campaign_id = $1) as stock,
       (select count(*)::int from balances where scope = $1) as balances,
       (select count(*)::int from checkpoint_rows where strpos(fields, $1) > 0 and starts_with(hash, 'u:') and hash <> 'u:$system') as folded,
       (select sum(balance)::int from archived_balances where scope = $1) as coins,
       (select count(distinct user_id)::int from orders where campaign_id = $1) as buyers`,
    [id]
  )
  t.same(rows, [{ decisions: 0, stock: 0, balances: 0, folded: 0, coins: 21, buyers: users.length }])
}

/** Users who have a hash in Redis. */
export async function userKeys({ redis, prefix }: ArchiveShop): Promise<string[]> {
  const keys = await redis.keys(`${prefix.replace('{', '\\{').replace('}', '\\}')}u:*`)
  return keys
    .map((key) => key.slice(prefix.length + 2))
    .filter((user) => user !== '$system')
    .sort()
}
