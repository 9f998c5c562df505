import type { Pool } from 'pg'
import { balanceField, balanceOf, userField } from '../../record/fields.ts'
import { isUserKey, logical, userOfKey } from '../../record/keys.ts'
import { decodeOrder } from '../../record/order.ts'
import {
  checkpointHashes,
  summedStock,
  summedUsers,
  usersWithBalances,
  usersWithPayableOrders
} from '../../store/projection/checkpoint-sums.ts'
import { Fold, type FoldedFields, parseFields } from '../open/fold-users.ts'
import { stockKeyOf } from './compare.ts'

interface Compared {
  readonly pool: Pool
  readonly shard: number
}

/** Users of one page. */
const PAGE = 500
/** Decisions behind which a checkpoint is too far for a comparison of stock. */
const MOST_BEHIND = 20_000

const entityOf = (order: string): string => order.slice(order.indexOf('-') + 1)

type Summed = Awaited<ReturnType<typeof summedUsers>>

function balancesDiffer(
  user: string,
  fields: FoldedFields,
  { balances, leaving }: Pick<Summed, 'balances' | 'leaving'>
): string[] {
  const own = balances.filter((row) => row.user === user && !leaving.has(row.scope))
  const expected = new Map(own.map((row) => [balanceField(row), row.balance]))
  for (const field of fields.keys()) {
    const known = balanceOf(field)
    if (known && !leaving.has(known.scope) && !expected.has(field)) expected.set(field, 0)
  }
  return [...expected].flatMap(([field, balance]) => {
    const folded = Number(fields.get(field) ?? 0)
    return folded === balance ? [] : [`${field} of ${user} is ${folded} in the checkpoint, ${balance} in balances`]
  })
}

function ordersDiffer(user: string, fields: FoldedFields, payable: readonly string[]): string[] {
  const expected = new Set(payable.map(entityOf).map(userField.order))
  const prefix = userField.order('')
  const found = [...fields].flatMap(([field, value]) => {
    if (!field.startsWith(prefix) || typeof value !== 'string') return []
    const { status, payBy } = decodeOrder(field, value)
    return status === 'accepted' && payBy !== null ? [field] : []
  })
  const missing = [...expected].filter((field) => !found.includes(field))
  const strange = found.filter((field) => !expected.has(field))
  return [...missing, ...strange].map(
    (field) => `${field} of ${user} may be paid by the ${expected.has(field) ? 'list of orders' : 'checkpoint'} only`
  )
}

/** Compares the rows of some users, carried on to what is stored, with balances and orders. @returns differences in words */
async function compareUsers({ pool, shard }: Compared, users: readonly string[]): Promise<string[]> {
  if (users.length === 0) return []
  const summed = await summedUsers(pool, shard, { users, hashes: users.map(logical.user) })
  const fold = new Fold(isUserKey)
  for (const [hash, fields] of summed.begun) fold.seed(hash, parseFields(fields))
  for (const decision of summed.decisions) fold.add(decision)
  return users.flatMap((user) => {
    const fields = fold.hashes.get(logical.user(user)) ?? new Map<string, string>()
    const payable = summed.payable.flatMap((order) => (order.user === user ? [order.id] : []))
    return [...balancesDiffer(user, fields, summed), ...ordersDiffer(user, fields, payable)]
  })
}

/** Compares stock with the checkpoint, carried on to what is stored. @returns undefined when the checkpoint is too far behind */
async function compareStock({ pool, shard }: Compared): Promise<string[] | undefined> {
  const { stock, begun, decisions } = await summedStock(pool, shard, { hashOf: stockKeyOf, most: MOST_BEHIND })
  if (decisions === undefined) return undefined
  const keys = new Set(stock.map(stockKeyOf))
  const fold = new Fold((key) => keys.has(key))
  for (const [hash, fields] of begun) fold.seed(hash, parseFields(fields))
  for (const decision of decisions) fold.add(decision)
  return stock.flatMap((row) => {
    const hash = stockKeyOf(row)
    return (['total', 'remaining', 'held', 'paid'] as const).flatMap((counter) => {
      const field = `${row.session_id}:${counter}`
      const folded = Number(fold.hashes.get(hash)?.get(field) ?? 0)
      return folded === row[counter]
        ? []
        : [`${field} of ${hash} is ${folded} in the checkpoint, ${row[counter]} in stock`]
    })
  })
}

/**
 * Compares a checkpoint with what Postgres summed independently of it, step by step, while the shard works: all users of its rows, all with a balance, all
 * with an order that may be paid, and all stock. It is done before anything leaves for good, because from then on the checkpoint alone knows
 * what was decided.
 * @yields after each page: differences in words, none where it agrees; 'behind' where the checkpoint has to come nearer first
 */
export async function* compareCheckpoint(compared: Compared): AsyncGenerator<readonly string[] | 'behind'> {
  const { pool, shard } = compared
  yield (await compareStock(compared)) ?? 'behind'
  for (let after = ''; ; ) {
    const hashes = await checkpointHashes(pool, shard, { after, most: PAGE })
    const last = hashes.at(-1)
    if (last === undefined) break
    after = last
    yield await compareUsers(
      compared,
      hashes.flatMap((hash) => userOfKey(hash) ?? [])
    )
  }
  for (let after = ''; ; ) {
    const users = await usersWithBalances(pool, shard, { after, most: PAGE })
    const last = users.at(-1)
    if (last === undefined) break
    after = last
    yield await compareUsers(compared, users)
  }
  for (let after: { payBy: Date | null; order: string } = { payBy: null, order: '' }; ; ) {
    const orders = await usersWithPayableOrders(pool, shard, { after, most: PAGE })
    const last = orders.at(-1)
    if (last === undefined) return
    after = last
    yield await compareUsers(compared, [...new Set(orders.map(({ user }) => user))])
  }
}
