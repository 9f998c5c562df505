import type { Queryable } from '../connection/transaction.ts'

/**
 * Notes that a payment was reported for an order, before the gate is asked: one reference stands for one payment.
 * @returns the order that the reference belongs to; another order when the reference was reported for that one before
 */
export async function claimReference(db: Queryable, reference: string, order: string): Promise<string> {
  const { rows } = await db.query<{ order: string }>(
    `insert into payment_references as known (reference, order_id, in_flight) values ($1, $2, 1)
     on conflict (reference) do update
       set in_flight = known.in_flight + case when known.order_id = excluded.order_id then 1 else 0 end
     returning order_id as "order"`,
    [reference, order]
  )
  const [row] = rows
  if (row === undefined) throw new Error(`The reference ${reference} was noted and has no order`)
  return row.order
}

/** Keeps the reference for its order: the payment counts, or its money is due back. */
export async function keepReference(db: Queryable, reference: string): Promise<void> {
  await db.query('update payment_references set used = true where reference = $1', [reference])
}

/** Frees the reference, because nothing was done under it: another order may use it, unless another attempt is under way. */
export async function releaseReference(db: Queryable, reference: string): Promise<void> {
  await db.query(
    `with given_up as (
       delete from payment_references where reference = $1 and not used and in_flight <= 1 returning 1
     )
     update payment_references set in_flight = in_flight - 1
     where reference = $1 and in_flight > 0 and not exists (select 1 from given_up)`,
    [reference]
  )
}
