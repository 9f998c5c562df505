import type { Pool } from 'pg'
import { fromStore } from '../../base/deadline.ts'
import type { LiveOrder, UserReader } from '../../gate/gate.ts'
import { decodeOrder } from '../../record/order.ts'
import { findOrder, type StoredOrder } from '../../store/reading/orders.ts'
import { findAny } from './find-in-both.ts'

/** An order and its user. */
export type FoundOrder = LiveOrder & { readonly user: string }

/** An order of Postgres in the form of Redis; all that Postgres has is journaled. */
export function journaled({ id, record }: StoredOrder): LiveOrder {
  return { order: decodeOrder(id, record), journaled: true }
}

/** An order of any user; see findAny. @throws UnavailableError */
export function findAnyOrder(
  { gate, pool }: { readonly gate: Pick<UserReader, 'orderOf' | 'ownerOf'>; readonly pool: Pool },
  id: string
): Promise<FoundOrder | undefined> {
  return findAny({
    stored: () => fromStore(findOrder(pool, id)),
    ownerOf: () => gate.ownerOf(id),
    live: (user) => gate.orderOf(user, id),
    journaled
  })
}
