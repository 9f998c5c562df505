import t, { type Test } from 'tap'
import { type RemoveCommand, SYSTEM_USER } from '../../src/gate/batch/commands.ts'
import type { Outcome } from '../../src/gate/batch/outcomes.ts'
import { isOfCampaign } from '../../src/record/campaign-fields.ts'
import { bucketField, goneField, logical, SHARD_HASH } from '../../src/record/keys.ts'
import { replayField } from '../../src/record/replay.ts'
import { readCheckpointRows } from '../../src/store/projection/checkpoint.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { buy, insist } from '../support/shop/core.ts'
import { copyOf, differences, foldAll, forget, goBack, wipe } from '../support/shop/forgetting.ts'
import { credit, openActivity, pointsWheel, takePart } from '../support/shop/participation.ts'
import {
  assertFolded,
  atRest,
  bought,
  decisionOf,
  move,
  openShop,
  readFolded,
  type Shop
} from '../support/shop/shop.ts'

const urls = await sharedServers(t)
const wheel = pointsWheel(50)
const other = { ...pointsWheel(50), campaign: 'other' }
const users = ['ann', 'ben', 'cem']

const codeOf = (outcome: Outcome) => (outcome.kind === 'refused' ? outcome.code : outcome.kind)

/** A sale and a draw of the campaign `c` and a draw of another one, and users who took part in all of it. */
async function openMixedShop(t: Test): Promise<Shop & { readonly order: string }> {
  const shop = await openShop(t, urls, { stock: 100 })
  for (const spec of [wheel, other]) decisionOf(await shop.gate.submit(openActivity(spec)))
  let order = ''
  for (const user of users) {
    order = await bought(shop, user)
    for (const field of ['b:points', 'b:c/coins'])
      decisionOf(await insist(() => shop.gate.submit({ ...credit(user, field, 500), key: `u:${field}` })))
    for (const spec of [wheel, other]) {
      const key = `u:spin-${spec.campaign}`
      decisionOf(await insist(() => shop.gate.submit(takePart(spec, user, { key, random: user }))))
    }
  }
  await atRest(shop)
  return { ...shop, order }
}

function command(nth: number, more: Partial<RemoveCommand>): RemoveCommand {
  const common = { user: SYSTEM_USER, key: replayField.archive('c', nth), hash: 'archive', campaign: 'c', activity: '' }
  return { op: 'remove', ...common, type: 'campaign.adjusted', puts: [], removals: [], request: '{}', ...more }
}

const launch = { campaign: 'c', comments: new Set<string>() }

/** What an archive does, as far as the gate is concerned: first the mark, then users' fields, then whole hashes. */
async function removeCampaign(shop: Shop): Promise<void> {
  const mark = [SHARD_HASH, goneField('c'), '1'] as const
  decisionOf(await shop.gate.submit(command(0, { puts: [mark] })))
  for (const [index, user] of users.entries()) {
    const fields = Object.entries(await readFolded(shop, logical.user(user)))
    const names = fields.filter((field) => isOfCampaign(field, launch)).map(([name]) => name)
    decisionOf(await shop.gate.submit(command(index + 1, { removals: [[logical.user(user), names]] })))
  }
  const hashes = ['c:c', 'a:c:s', 's:c:s', 'a:c:wheel', 's:c:wheel'].map((key) => [key, []] as const)
  const removals = [...hashes, [SHARD_HASH, [bucketField('c')]] as const]
  decisionOf(await shop.gate.submit(command(users.length + 1, { removals })))
  await atRest(shop)
}

async function assertGone(t: Test, shop: Shop): Promise<void> {
  await atRest(shop)
  for (const user of users) {
    const fields = Object.entries(await readFolded(shop, logical.user(user)))
    t.same(
      fields.filter((field) => isOfCampaign(field, launch)).map(([name]) => name),
      [],
      `no field of ${user}`
    )
    t.ok(Object.fromEntries(fields)['b:points'], 'balances of the account stay')
  }
  const rules = await shop.redis.keys(`${shop.prefix.replace('{', '\\{').replace('}', '\\}')}[cas]:c*`)
  t.same(rules, [], 'no rules, no stock')
  t.equal(await shop.redis.hget(`${shop.prefix}${SHARD_HASH}`, goneField('c')), '1')
  t.equal(codeOf(await insist(() => shop.gate.submit(buy(shop.sale, 'new', { key: 'u:late' })))), 'NOT_FOUND')
  await assertFolded(t, shop)
  t.same(await differences(shop), [], 'no comparison alarms')
}

/** Another campaign goes on as if nothing had been. */
async function othersGoOn(shop: Shop, key: string): Promise<void> {
  for (const user of users) {
    const spin = () => shop.gate.submit(takePart(other, user, { key, random: key }))
    decisionOf(await insist(spin))
  }
}

t.test('what was of a campaign leaves Redis, and what names it is not found', async (t) => {
  const shop = await openMixedShop(t)
  const { gate, core, order } = shop
  await removeCampaign(shop)
  await assertGone(t, shop)
  const late = { user: 'cem', order, key: 'x:late' }
  t.equal(codeOf(await gate.submit(move(shop, 'pay', late))), 'NOT_FOUND', 'an order')
  t.equal(codeOf(await gate.submit(takePart(wheel, 'ann', { key: 'u:late', random: 'x' }))), 'NOT_FOUND', 'a spin')
  t.equal(codeOf(await gate.submit({ ...credit('ann', 'b:c/coins', 1), key: 'x:grant:late' })), 'NOT_FOUND', 'a grant')
  t.equal(codeOf(await gate.submit(openActivity({ ...wheel, activity: 'new' }))), 'NOT_FOUND', 'rules')
  await othersGoOn(shop, 'u:spin-after')
  await assertGone(t, shop)
  const moved = await core.pool.query(
    `select (select count(*)::int from stock where campaign_id = 'c') as stock,
       (select count(*)::int from balances where scope = 'c') as balances,
       (select least_version from shards) as least,
       (select sum(total)::int from archived_stock where campaign_id = 'c') as total,
       (select sum(balance)::int from archived_balances where scope = 'c') as coins`
  )
  t.same(moved.rows, [{ stock: 0, balances: 0, least: 1, total: 150, coins: 1500 }], 'its sums are kept aside')
})

t.test('hashes that are missing without a mark are a fault', async (t) => {
  const shop = await openShop(t, urls)
  await shop.redis.unlink(`${shop.prefix}c:c`)
  t.equal(codeOf(await shop.gate.submit(buy(shop.sale, 'ann'))), 'unavailable')
})

t.test('a Redis that went back to before a removal catches up with it', async (t) => {
  const shop = await openMixedShop(t)
  const copy = await copyOf(shop)
  await removeCampaign(shop)
  await othersGoOn(shop, 'u:spin-after')
  await atRest(shop)
  await goBack(shop, copy)
  await assertGone(t, shop)
})

t.test('a wiped Redis has nothing of it, from decisions and from a checkpoint', async (t) => {
  const shop = await openMixedShop(t)
  await foldAll(shop)
  await removeCampaign(shop)
  await wipe(shop)
  await assertGone(t, shop)
  await foldAll(shop)
  const left = await readCheckpointRows(shop.core.pool, shop.shard, ['c:c', 's:c:s', SHARD_HASH])
  t.same([...left], [[SHARD_HASH, JSON.stringify([goneField('c'), '1'])]], 'nor has the checkpoint')
  await wipe(shop)
  await assertGone(t, shop)
  await othersGoOn(shop, 'u:spin-after')
  await assertGone(t, shop)
})

t.test('what is forgotten of it does not come back with a removal, and forgetting goes on after it', async (t) => {
  const shop = await openMixedShop(t)
  t.ok((await forget(shop)) > 0)
  await removeCampaign(shop)
  t.ok((await forget(shop)) > 0, 'the decisions that removed it too')
  t.same(await differences(shop), [])
  for (const user of users) {
    const fields = Object.keys(await readFolded(shop, logical.user(user)))
    t.same(
      fields.filter((field) => !/^(?:b:points|d|f|[^:]+:other(?:\/.*)?|w:.*)$/.test(field)),
      [],
      `nothing of ${user}`
    )
  }
  await wipe(shop)
  t.same(await differences(shop), [])
  await othersGoOn(shop, 'u:spin-after')
  t.same(await differences(shop), [])
})
