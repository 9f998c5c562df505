import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { armFailPoints } from '../../src/config/fail-points.ts'
import { archiveParts } from '../../src/store/campaigns/archives.ts'
import { Child } from '../faults/world/child.ts'
import { sharedServers, temporaryFolder } from '../support/servers/servers.ts'
import {
  type ArchiveShop,
  askFor,
  assertGone,
  makeFinal,
  openArchiveShop,
  openCampaign,
  takePart,
  untilArchived,
  userKeys
} from '../support/shop/archive-shop.ts'
import { copyOf, differences, goBack, wipe } from '../support/shop/forgetting.ts'
import { waitFor } from '../support/wait.ts'

// Workers die at every step of an archive, and Redis is lost or goes back in the middle of it, while another campaign sells.

const PATIENT = { deadlineMs: 240_000 }
const urls = await sharedServers(t)
const folder = temporaryFolder(t)
const cli = fileURLToPath(new URL('../../src/cli.js', import.meta.url))
const id = 'past'
const users = Array.from({ length: 300 }, (_, nth) => `user-${nth}`)
const others = users.slice(0, 20)

async function prepared(t: Test): Promise<ArchiveShop> {
  const shop = await openArchiveShop(t, urls)
  for (const campaign of [id, 'other']) await openCampaign(shop, campaign)
  await takePart(shop, id, users)
  await takePart(shop, 'other', others)
  await makeFinal(shop, id)
  return shop
}

/** Sells in another campaign until it is told to stop. @returns how many orders were confirmed */
function sellOn(shop: ArchiveShop): () => Promise<number> {
  let sold = 0
  let goesOn = true
  const run = async () => {
    for (; goesOn; sold += 1) await takePart(shop, 'other', [`late-${sold}`])
  }
  const running = run()
  return async () => {
    goesOn = false
    await running
    return sold
  }
}

let workers = 0

/** Starts a worker as a process. */
function startWorker({ core: { config } }: ArchiveShop, fails: string): Promise<Child> {
  workers += 1
  const { NAMESPACE, REDIS_URL, NATS_URL, DATABASE_URL } = config
  const env = {
    NAMESPACE,
    REDIS_URL,
    NATS_URL,
    DATABASE_URL,
    KEY_RETENTION: '1',
    JOURNAL_MAX_BYTES: String(64 * 1024 ** 2)
  }
  const name = `worker-${workers}`
  const all = { PATH: process.env.PATH, ...urls.env, ...env, LOG_LEVEL: 'info', FAIL_POINTS: fails }
  return Child.start({ name, command: 'worker', env: all, logFile: `${folder}/${name}.log`, cli })
}

async function isWhole(t: Test, shop: ArchiveShop, sold: number): Promise<void> {
  await assertGone(t, shop, { id, users })
  t.same(await differences(shop), [], 'Redis, journal and Postgres agree')
  const late = Array.from({ length: sold }, (_, nth) => `late-${nth}`)
  const known = new Set(await userKeys(shop))
  t.same(
    [...others, ...late].filter((user) => !known.has(user)),
    [],
    'nobody of the other campaign is missing'
  )
  t.same(
    [...known].filter((user) => users.slice(20).includes(user)),
    [],
    'who took part in nothing else has no hash'
  )
}

/**
 * In the order in which there is something to do: before the mark; around the mark, users and hashes, before and after the gate decides; before and in
 * the pages of rows; before and after the campaign is marked.
 */
const places = 'A1 A2 A3 A4 A2 A3 A4 A3:2 A5 A6 A7 A8 A9'.split(' ')

t.test('workers that are killed at every step of an archive take the campaign out once', async (t) => {
  const shop = await prepared(t)
  const stopSelling = sellOn(shop)
  await shop.stopWorker()
  await askFor(shop, id)
  for (const place of places) {
    const [point, hit = '1'] = place.split(':')
    const doomed = await startWorker(shop, `${point}:kill:${hit}`)
    const isOver = async () => !doomed.alive || (await shop.campaigns.archiving(id)).parts[0]?.step === 'done'
    await waitFor(isOver, { ...PATIENT, what: `a worker to die at ${place}` })
    t.ok(!doomed.alive && doomed.printed('FAIL POINT') === 1, `a worker was killed at ${place}`)
    await doomed.kill()
  }
  const last = await startWorker(shop, '')
  t.teardown(() => last.kill())
  await untilArchived(shop, id)
  await isWhole(t, shop, await stopSelling())
  const { rows } = await shop.core.pool.query(
    `select count(*)::int as times from audit where target = $1 and action = 'campaign.archived'`,
    [`campaign:${id}`]
  )
  t.same(rows, [{ times: 1 }], 'marked once')
})

/** An archive that stands in its middle: some users are removed, others not. */
async function halfWay(shop: ArchiveShop): Promise<void> {
  armFailPoints({ FAIL_POINTS: 'A4:delay:3000:2+' })
  await askFor(shop, id)
  const isThere = async () => ((await archiveParts(shop.core.pool, id))[0]?.next ?? 0) >= 2
  await waitFor(isThere, { ...PATIENT, what: 'some users to be removed' })
}

t.test(
  'a Redis that is wiped in the middle of an archive, or goes back to it, has nothing of it in the end',
  async (t) => {
    t.teardown(() => armFailPoints({ FAIL_POINTS: '' }))
    const shop = await prepared(t)
    const stopSelling = sellOn(shop)
    await halfWay(shop)
    const copy = await copyOf(shop)
    await wipe(shop)
    armFailPoints({ FAIL_POINTS: '' })
    await untilArchived(shop, id)
    const sold = await stopSelling()
    await isWhole(t, shop, sold)
    await goBack(shop, copy)
    await isWhole(t, shop, sold)
  }
)
