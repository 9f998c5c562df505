import t from 'tap'
import { shardOf } from '../../src/base/shards.ts'
import type { Outcome } from '../../src/gate/batch/outcomes.ts'
import { openDefinition, setUp } from '../campaign/at-the-gate.ts'
import { shardsEnv } from '../support/servers/servers.ts'
import { buy, insist } from '../support/shop/core.ts'
import { waitFor } from '../support/wait.ts'

const COUNT = 4
const STOCK = 10
const shards = [0, 1, 2, 3]

const { core, publish, realGate: gate } = await setUp(t, shardsEnv(COUNT))
const PATIENT = { deadlineMs: 180_000 }

/** Users of the shards that are named, the first of each, then the second of each. */
function usersOf(homes: readonly number[], count: number): string[] {
  const byHome = homes.map((home) =>
    Array.from({ length: 40 * count }, (_, nth) => `buyer-${nth}`).filter((user) => shardOf(user, COUNT) === home)
  )
  return Array.from({ length: count }, (_, nth) => byHome[nth % homes.length]?.[Math.floor(nth / homes.length)] ?? '')
}

/** A sale of a few units that is open in all shards. */
async function openSale(id: string): Promise<void> {
  const now = Date.now()
  // well within the campaign, which has its times from a moment of its own
  const session = { id: 'am', opensAt: at(now - 1_800_000), closesAt: at(now + 1_800_000), stock: STOCK }
  await publish(openDefinition(id, { sessions: [session], unitsPerUser: 9 }, { limits: {} }))
  const isOpen = async () => {
    const all = await Promise.all(shards.map((shard) => gate.read([`c:${id}`], shard)))
    return all.every(([campaign]) => campaign?.ready === '1')
  }
  await waitFor(isOpen, { what: 'all shards to have it open', ...PATIENT })
}

const at = (moment: number) => new Date(moment).toISOString()

async function stockOf(id: string): Promise<{ total: number; remaining: number; held: number }> {
  const [stock = {}] = await gate.read([`s:${id}:phone`])
  const of = (counter: string) => Number(stock[`am:${counter}`] ?? 0)
  return { total: of('total'), remaining: of('remaining'), held: of('held') }
}

const codeOf = (outcome: Outcome) => (outcome.kind === 'refused' ? outcome.code : outcome.kind)

/** Each user wants some units and asks until there is an answer. No unit ever comes back, so whoever hears "sold out" can look whether it is true. */
async function sell(
  test: Pick<typeof t, 'equal'>,
  id: string,
  wishes: ReadonlyArray<{ user: string; quantity: number }>
) {
  const sold = new Map<string, number>()
  const ask = async ({ user, quantity }: (typeof wishes)[number]) => {
    const command = buy({ campaign: id, sale: 'phone' }, user, { quantity, key: `u:${id}` })
    const outcome = await insist(() => gate.submit(command), PATIENT.deadlineMs)
    if (outcome.kind === 'confirmed') sold.set(outcome.decision.order?.id ?? '', quantity)
    else {
      test.equal(codeOf(outcome), 'SOLD_OUT')
      const { held } = await stockOf(id)
      test.equal(held > STOCK - quantity, true, `${held} are sold when somebody hears that ${quantity} are not left`)
    }
  }
  await Promise.all(wishes.map(ask))
  return [...sold.values()].reduce((sum, quantity) => sum + quantity, 0)
}

t.test('users who all live in one shard buy what all shards have, and hear "sold out" only then', async (t) => {
  const id = 'one-home'
  await openSale(id)
  const wishes = usersOf([2], 200).map((user) => ({ user, quantity: 1 }))
  t.equal(await sell(t, id, wishes), STOCK)
  t.same(await stockOf(id), { total: STOCK, remaining: 0, held: STOCK })
  const all = async () =>
    (await core.pool.query('select 1 from orders where campaign_id = $1', [id])).rowCount === STOCK
  await waitFor(all, { what: 'all orders to be stored', ...PATIENT })
})

t.test('users of all shards buy all units, several at once, and no unit twice', async (t) => {
  const id = 'all-homes'
  await openSale(id)
  const wishes = usersOf(shards, 60).map((user, nth) => ({ user, quantity: 1 + (nth % 3) }))
  t.equal(await sell(t, id, wishes), STOCK)
  t.same(await stockOf(id), { total: STOCK, remaining: 0, held: STOCK })
})
