import { workerDrain } from '../measuring/drain.ts'
import { provePeer, proveRedisSale, proveSale, proveTaken, unproven } from '../measuring/proofs.ts'
import { setUpPeer } from '../servers/peer-store.ts'
import { setUpRedisSale } from '../servers/purchase-script.ts'
import { benchDraw, benchItem, buyOnce, buyPath, publish, publishSale } from '../stack/admin.ts'
import { grantPoints } from '../stack/opening-balances.ts'
import { BIG_STOCK, buy, PLENTY } from './buying.ts'
import type { Scenario } from './scenario.ts'

/** Purchases by one script call each: whatever stands before Redis. */
const byScript = {
  prepare: ({ file }, campaign) => setUpRedisSale(file.redisUrl, campaign, BIG_STOCK),
  prove: (world, campaign, account) => proveRedisSale(world, { campaign, stock: BIG_STOCK, soldBefore: 0 }, account)
} as const satisfies Partial<Scenario>

/** Closed loops: what each can do when it is asked for more than that. */
export const closedLoops: readonly Scenario[] = [
  {
    ...buy,
    name: 'bare',
    title: 'Fastify POST with the schemas of a buy and nothing behind it',
    target: 'bare',
    prepare: async () => {},
    prove: unproven
  },
  {
    ...buy,
    name: 'refused',
    title: 'buys at a sold-out sale: 409 SOLD_OUT by the gate',
    expectedStatus: 409,
    async prepare({ file }, campaign) {
      await publishSale(file, { campaign, stock: 1, unitsPerUser: PLENTY })
      await buyOnce(file, buyPath(campaign))
    },
    prove: (world, campaign, account) => proveSale(world, { campaign, stock: 1, soldBefore: 1 }, account)
  },
  {
    ...buy,
    name: 'limited',
    title: "buys beyond the user's limit: 409 LIMIT_REACHED by the gate",
    byDefault: false,
    body: '{"quantity":3}',
    expectedStatus: 409,
    prepare: ({ file }, campaign) => publishSale(file, { campaign, stock: BIG_STOCK, unitsPerUser: 2 })
  },
  { ...buy, name: 'confirmed', title: "buys that are accepted: 201 after the journal's ack" },
  {
    ...buy,
    name: 'persisted',
    title: 'the same, until every order is in Postgres and on the public stream',
    until: 'persisted'
  },
  {
    ...buy,
    name: 'spin',
    title: "spins of a draw, a tenth of which win: 201 after the journal's ack",
    path: (campaign) => `/v1/campaigns/${campaign}/draws/wheel/spins`,
    body: '{}',
    events: 'spin.*',
    prepare: ({ file }, campaign) => publish(file, campaign, { activities: [benchDraw(BIG_STOCK)] }),
    prove: (world, campaign, account) =>
      proveTaken(world, { campaign, types: { like: 'spin.%', events: 'spin.*' } }, account)
  },
  {
    ...buy,
    name: 'claim',
    byDefault: false,
    title: "redemptions, a point each: 201 after the journal's ack",
    path: (campaign) => `/v1/campaigns/${campaign}/redemptions/cup/claims`,
    events: 'claim.accepted',
    async prepare({ file, database, users }, campaign) {
      await publish(file, campaign, { activities: [benchItem(BIG_STOCK)] })
      await grantPoints(file, database, { reference: campaign, users, points: 1_000 })
    },
    prove: (world, campaign, account) =>
      proveTaken(world, { campaign, types: { like: 'claim.%', events: 'claim.accepted' } }, account)
  },
  {
    ...buy,
    name: 'peer',
    title: 'Fastify and Postgres, one transaction per order: 201 after the commit',
    target: 'peer',
    prepare: ({ database }, campaign) =>
      setUpPeer(database, { campaign, sale: 'phone', stock: BIG_STOCK, unitsPerUser: PLENTY }),
    prove: (world, campaign, account) => provePeer(world, { campaign, stock: BIG_STOCK, soldBefore: 0 }, account)
  },
  {
    ...buy,
    ...byScript,
    name: 'evalsha',
    title: 'Fastify and one EVALSHA for each order: 201 when Redis has it, which is not durable',
    target: 'evalsha'
  },
  {
    ...buy,
    ...byScript,
    name: 'nginx',
    title: 'nginx with Lua and the same script, without a token check: 201 when Redis has it, which is not durable',
    target: 'nginx'
  },
  {
    ...buy,
    ...byScript,
    name: 'nginx-refused',
    title: 'the same at a sold-out sale: 409',
    target: 'nginx',
    expectedStatus: 409,
    prepare: ({ file }, campaign) => setUpRedisSale(file.redisUrl, campaign, 0),
    prove: unproven
  },
  {
    ...buy,
    name: 'drain',
    title:
      'orders that waited for a paused worker, from when it goes on until they are in Postgres and on the public stream',
    measure: workerDrain
  }
]
