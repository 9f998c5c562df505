import type { Pool } from 'pg'
import { fromStore } from '../gate/from-store.ts'
import type { Gate, LiveOrder } from '../gate/gate.ts'
import { decodeOrder } from '../gate/order-record.ts'
import { findOrder, type StoredOrder } from '../store/orders.ts'

/** An order and whose it is. */
export type FoundOrder = LiveOrder & { readonly user: string }

/** What Postgres has is journaled. */
export function journaled({ id, record }: StoredOrder): LiveOrder {
  return { order: decodeOrder(id, record), journaled: true }
}

/**
 * An order whosever it is: as Redis has it, as Postgres has it where Redis has forgotten it.
 * @throws UnavailableError
 */
export async function findAnyOrder(
  { gate, pool }: { readonly gate: Pick<Gate, 'ordersOf' | 'ownerOf'>; readonly pool: Pool },
  id: string
): Promise<FoundOrder | undefined> {
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
