import type pg from 'pg'
import { type Gate, type LiveOrder, UnavailableError } from '../gate/gate.ts'
import { decodeOrder } from '../gate/order-record.ts'
import type { Decision } from '../gate/outcomes.ts'
import { decodeWin } from '../gate/win-record.ts'
import {
  findDecision,
  findOrder,
  type OrderPlace,
  ordersOfUser,
  type StoredDecision,
  type StoredOrder
} from '../store/orders.ts'

/** A page of orders, newest first. */
export interface OrderPage {
  readonly orders: readonly LiveOrder[]
  /** where the next page goes on; undefined after the last one */
  readonly next: OrderPlace | undefined
}

const STORE_DEADLINE_MS = 1500

/** Waits for Postgres no longer than a client would. @throws UnavailableError when it fails or takes too long */
export function fromStore<Row>(work: Promise<Row>): Promise<Row> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new UnavailableError('Postgres did not answer in time')), STORE_DEADLINE_MS)
    work
      .then(resolve, (error: unknown) => reject(new UnavailableError('Postgres did not answer', { cause: error })))
      .finally(() => clearTimeout(timer))
  })
}

/** `<shard>-<epoch>-<sequence>` as numbers, so that ids compare as they were decided. */
function partsOf(id: string): [number, number] {
  const [, epoch, sequence] = id.split('-')
  return [Number(epoch), Number(sequence)]
}

/** Newest first; negative when `a` comes first. */
export function compareNewest(a: OrderPlace, b: OrderPlace): number {
  const [epochA, sequenceA] = partsOf(a.id)
  const [epochB, sequenceB] = partsOf(b.id)
  return b.acceptedAt - a.acceptedAt || epochB - epochA || sequenceB - sequenceA
}

/** What Postgres has is journaled. */
function journaled({ id, record }: StoredOrder): LiveOrder {
  return { order: decodeOrder(id, record), journaled: true }
}

function decisionOf({ id, sequence, type, entity, at, record, report }: StoredDecision): Decision {
  const decision = { id, sequence, type, at: at.getTime(), report }
  if (record === '') return decision
  if (type.startsWith('order.')) return { ...decision, order: decodeOrder(entity, record) }
  return { ...decision, win: decodeWin(entity, record) }
}

/**
 * Orders out of Redis and Postgres as one. Redis is ahead and knows the last days; Postgres knows all that is journaled.
 */
export function createOrderDirectory(gate: Gate, pool: pg.Pool) {
  return {
    /** A page of the user's orders, only older ones than `before`. @throws UnavailableError */
    async list(
      user: string,
      page: { readonly campaign?: string | undefined; readonly before?: OrderPlace | undefined; readonly limit: number }
    ): Promise<OrderPage> {
      const [live, stored] = await Promise.all([
        gate.ordersOf(user),
        fromStore(ordersOfUser(pool, user, { ...page, limit: page.limit + 1 }))
      ])
      const byId = new Map<string, LiveOrder>(stored.map((one) => [one.id, journaled(one)]))
      for (const one of live) {
        if (page.campaign !== undefined && one.order.campaign !== page.campaign) continue
        if (page.before !== undefined && compareNewest(page.before, one.order) >= 0) continue
        byId.set(one.order.id, one)
      }
      const sorted = [...byId.values()].sort((a, b) => compareNewest(a.order, b.order))
      const orders = sorted.slice(0, page.limit)
      const last = orders.at(-1)?.order
      return { orders, next: sorted.length > page.limit && last !== undefined ? last : undefined }
    },

    /** An order of this user; undefined when there is none or it is another's. @throws UnavailableError */
    async find(user: string, id: string): Promise<LiveOrder | undefined> {
      const live = (await gate.ordersOf(user)).find(({ order }) => order.id === id)
      if (live !== undefined) return live
      const stored = await fromStore(findOrder(pool, id))
      return stored?.user === user ? journaled(stored) : undefined
    },

    /** An order whosever it is, and its user. @throws UnavailableError */
    async findAny(id: string): Promise<(LiveOrder & { readonly user: string }) | undefined> {
      const look = () => fromStore(findOrder(pool, id))
      let stored = await look()
      const owner = stored === undefined ? await gate.ownerOf(id) : undefined
      // a frame that left kept between the two looks is in Postgres by now: it leaves only after the commit
      if (stored === undefined && owner === undefined) stored = await look()
      const user = stored?.user ?? owner
      if (user === undefined) return undefined
      const live = (await gate.ordersOf(user)).find(({ order }) => order.id === id)
      if (live !== undefined) return { ...live, user }
      return stored && { ...journaled(stored), user }
    },

    /**
     * What became of a key: the decision, 'pending', or undefined when no decision stands.
     * @throws UnavailableError when the one who would know does not answer
     */
    async outcomeOf(user: string, key: string): Promise<Decision | 'pending' | undefined> {
      const field = `u:${key}`
      let redisError: unknown
      const live = await gate.lookup(user, field).catch((error: unknown) => {
        redisError = error
        return undefined
      })
      if (live !== undefined) return live.kind === 'pending' ? 'pending' : live.decision
      const stored = await fromStore(findDecision(pool, user, field))
      if (stored === undefined && redisError !== undefined) throw redisError
      return stored && decisionOf(stored)
    }
  }
}

export type OrderDirectory = ReturnType<typeof createOrderDirectory>
