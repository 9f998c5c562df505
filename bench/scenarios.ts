import type { Account } from './load/messages.ts'
import { type Proof, provePeer, proveSale, proveTaken, unproven } from './measuring/proofs.ts'
import { setUpPeer } from './servers/peer-store.ts'
import { benchDraw, benchItem, buyOnce, publish, publishSale } from './stack/admin.ts'
import { grantPoints } from './stack/opening-balances.ts'
import type { World } from './stack/world.ts'

/**
 * One thing to measure, as data: where to send what, what to expect, and how to prove afterwards that the answers were
 * true. A new activity kind (spins, claims) is measured by another record here.
 */
export interface Scenario {
  readonly name: string
  /** one line for the report */
  readonly title: string
  readonly byDefault: boolean
  readonly target: 'bare' | 'gateway' | 'peer'
  /** path of the request in the campaign that each round makes for itself */
  path(campaign: string): string
  /** JSON text of the request */
  readonly body: string
  readonly expectedStatus: number
  /** what ends the measured time: the last answer, or the last order in Postgres and on the public stream */
  readonly until: 'answered' | 'persisted'
  /** type of its public events, with a wildcard where it has several */
  readonly events: string
  prepare(world: World, campaign: string): Promise<void>
  prove(world: World, campaign: string, account: Account): Promise<Proof>
}

/** More than any run can sell. */
const BIG_STOCK = 50_000_000
const PLENTY = 100_000

const buyPath = (campaign: string): string => `/v1/campaigns/${campaign}/sales/phone/orders`

const buy = {
  byDefault: true,
  target: 'gateway',
  path: buyPath,
  body: '{"quantity":1}',
  expectedStatus: 201,
  until: 'answered',
  events: 'order.accepted',
  prepare: ({ file }, campaign) => publishSale(file, { campaign, stock: BIG_STOCK, unitsPerUser: PLENTY }),
  prove: (world, campaign, account) => proveSale(world, { campaign, stock: BIG_STOCK, soldBefore: 0 }, account)
} as const satisfies Partial<Scenario>

export const scenarios: readonly Scenario[] = [
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
  }
]
