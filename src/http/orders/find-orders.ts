import type pg from 'pg'
import { fromStore } from '../../base/deadline.ts'
import { findAnyOrder, journaled } from '../../campaign/actions/order-lookup.ts'
import type { LiveOrder, UserReader } from '../../gate/gate.ts'
import { findOrder, ordersOfUser } from '../../store/reading/orders.ts'
import { type ItemPage, type ItemReader, type PageRequest, unite } from '../wire/pages.ts'

const reader: ItemReader<LiveOrder> = {
  placeOf: ({ order }) => ({ at: order.acceptedAt, id: order.id }),
  campaignOf: ({ order }) => order.campaign
}

/**
 * Reads orders from Redis and Postgres. Redis is asked first, and only for orders that Postgres may lack or have in an older
 * state: an order that leaves Redis between the two reads is in Postgres by the second one.
 */
export function createOrderFinder(gate: UserReader, pool: pg.Pool) {
  return {
    /** A page of the user's orders. @throws UnavailableError */
    async list(user: string, page: PageRequest): Promise<ItemPage<LiveOrder>> {
      const live = await gate.ordersOf(user)
      const stored = await fromStore(ordersOfUser(pool, user, { ...page, limit: page.limit + 1 }))
      return unite({ live, stored: stored.map(journaled) }, page, reader)
    },

    /** An order of this user; undefined if there is none or it belongs to another user. @throws UnavailableError */
    async find(user: string, id: string): Promise<LiveOrder | undefined> {
      const live = await gate.orderOf(user, id)
      if (live !== undefined) return live
      const stored = await fromStore(findOrder(pool, id))
      return stored?.user === user ? journaled(stored) : undefined
    },

    /** An order of any user, with its user. @throws UnavailableError */
    findAny: (id: string) => findAnyOrder({ gate, pool }, id)
  }
}

export type OrderFinder = ReturnType<typeof createOrderFinder>
