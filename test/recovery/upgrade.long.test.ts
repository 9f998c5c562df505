import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { readShard } from '../../src/store/shard/shards.ts'
import { plant } from '../faults/planted/plant.ts'
import { tookAtMost } from '../support/running/pace.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { buy, insist, type ShopGate } from '../support/shop/core.ts'
import { assertWhole, atRest, decisionOf, openShop, type Shop } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

const urls = await sharedServers(t)
const root = fileURLToPath(new URL('../../..', import.meta.url))
const BUYERS = 16
const PAUSE_MS = 50
const LONGEST_WAIT_MS = 300

/** The next version: its scripts decide the same, under other SHAs. */
const nextVersion = {
  name: 'next version',
  edits: [{ file: 'lua/trim.lua', find: "return 'OK;' .. deleted", put: "return 'OK;' .. (deleted + 0)" }],
  runs: [],
  rules: []
}

function startWorker(cli: string, { core: { config } }: Shop): ChildProcess {
  const { NAMESPACE, REDIS_URL, NATS_URL, DATABASE_URL, JOURNAL_MAX_BYTES } = config
  const env = { NAMESPACE, REDIS_URL, NATS_URL, DATABASE_URL, JOURNAL_MAX_BYTES: String(JOURNAL_MAX_BYTES) }
  const worker = spawn(process.execPath, [cli, 'worker'], { env: { ...process.env, ...env }, stdio: 'ignore' })
  t.teardown(() => worker.kill('SIGKILL'))
  return worker
}

async function exchange(worker: ChildProcess, cli: string, shop: Shop): Promise<ChildProcess> {
  const ended = once(worker, 'exit')
  worker.kill('SIGTERM')
  await ended
  return startWorker(cli, shop)
}

/** Buyers who ask one gateway after the other until they are confirmed. @returns how long each of them waited, in ms */
function keepBuying(shop: Shop, gates: readonly ShopGate[]) {
  const waits: number[] = []
  const users: string[] = []
  let over = false
  const buyer = async (nth: number) => {
    for (let turn = 0; !over; turn += 1) {
      const user = `buyer-${nth}-${turn}`
      const began = performance.now()
      for (let asked = nth; ; asked += 1) {
        const gate = gates[asked % gates.length]?.gate
        const outcome = gate && (await gate.submit(buy(shop.sale, user)))
        if (outcome?.kind === 'confirmed') break
        await pause(10)
      }
      waits.push(performance.now() - began)
      users.push(user)
      await pause(PAUSE_MS)
    }
  }
  const all = Array.from({ length: BUYERS }, (_, nth) => buyer(nth))
  const stop = async () => {
    over = true
    await Promise.all(all)
  }
  return { waits, users, stop }
}

const pause = (ms: number) =>
  new Promise<void>((resolve) => {
    setTimeout(resolve, ms)
  })

t.test('workers and gateways are exchanged for the next version under load, and back in the middle', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'floodgate-upgrade-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const [present, next] = [join(root, 'build/src/cli.js'), plant(root, folder, nextVersion)]
  const shop = await openShop(t, urls, { stock: 1_000_000 })
  await shop.stopWorker()
  const gates: ShopGate[] = [await shop.core.gateway(), await shop.core.gateway()]
  let workers = [startWorker(present, shop), startWorker(present, shop)]
  const isOpen = async () => (await shop.gate.submit(buy(shop.sale, 'first'))).kind === 'confirmed'
  await waitFor(isOpen, { what: 'the sale to go on' })
  const epochOf = async () => (await readShard(shop.core.pool, shop.shard))?.epoch ?? 0
  const before = await epochOf()
  const buying = keepBuying(shop, gates)
  // to the next version, back in the middle (a roll-back), and to the next version again
  for (const cli of [next, present, next]) {
    const known = await epochOf()
    for (const nth of [0, 1]) {
      const [one, other] = workers as [ChildProcess, ChildProcess]
      workers = nth === 0 ? [await exchange(one, cli, shop), other] : [one, await exchange(other, cli, shop)]
      const fresh = await shop.core.gateway()
      await fresh.gate.ready()
      gates[nth] = fresh
    }
    const isExchanged = async () =>
      (await epochOf()) > known && (await readShard(shop.core.pool, shop.shard))?.state === 'open'
    await waitFor(isExchanged, { what: 'the shard to be opened with the scripts of that version' })
  }
  await buying.stop()
  t.ok((await epochOf()) >= before + 3, 'each version opened the shard with scripts of its own')
  t.ok(buying.users.length > BUYERS, `${buying.users.length} were confirmed`)
  tookAtMost(t, 'the longest wait of a buyer', { ms: Math.max(...buying.waits), boundMs: LONGEST_WAIT_MS })
  for (const user of buying.users.slice(0, 50)) {
    const again = await insist(() => shop.gate.submit(buy(shop.sale, user)))
    t.match(again, { kind: 'confirmed', replayed: true })
    t.ok(decisionOf(again).order)
  }
  await atRest(shop)
  await assertWhole(t, shop)
})
