import type pg from 'pg'
import { type Gate, type LiveOrder, UnavailableError } from '../gate/gate.ts'
import { decodeOrder } from '../gate/order-record.ts'
import { findOrder, ordersOfUser, type StoredOrder } from '../store/orders.ts'
import { type ItemPage, type ItemReader, type PageRequest, unite } from './pages.ts'

// as long as Redis may take: whoever is refused hears of it within a second, also while Postgres is away
const STORE_DEADLINE_MS = 800

/** Waits for Postgres no longer than a client would. @throws UnavailableError when it fails or takes too long */
export function fromStore<Row>(work: Promise<Row>): Promise<Row> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new UnavailableError('Postgres did not answer in time')), STORE_DEADLINE_MS)
    work
      .then(resolve, (error: unknown) => reject(new UnavailableError('Postgres did not answer', { cause: error })))
      .finally(() => clearTimeout(timer))
  })
}

const reader: ItemReader<LiveOrder> = {
  placeOf: ({ order }) => ({ at: order.acceptedAt, id: order.id }),
  campaignOf: ({ order }) => order.campaign
}

/** What Postgres has is journaled. */
function journaled({ id, record }: StoredOrder): LiveOrder {
  return { order: decodeOrder(id, record), journaled: true }
}

/**
 * Orders out of Redis and Postgres as one. Redis is ahead and knows the last days; Postgres knows all that is journaled.
 */
export function createOrderDirectory(gate: Gate, pool: pg.Pool) {
  return {
    /** A page of the user's orders. @throws UnavailableError */
    async list(user: string, page: PageRequest): Promise<ItemPage<LiveOrder>> {
      const [live, stored] = await Promise.all([
        gate.ordersOf(user),
        fromStore(ordersOfUser(pool, user, { ...page, limit: page.limit + 1 }))
      ])
      return unite({ live, stored: stored.map(journaled) }, page, reader)
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
    }
  }
}

export type OrderDirectory = ReturnType<typeof createOrderDirectory>
