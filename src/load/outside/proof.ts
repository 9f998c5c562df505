import { type Deployment, insist, memberOf, type Target } from './deployment.ts'
import { orderIn, type Purchases } from './purchases.ts'

/** What was counted, and every sentence about it that is not true. */
export interface Proof {
  readonly facts: Readonly<Record<string, number>>
  readonly broken: readonly string[]
}

interface Place extends Target {
  readonly deployment: Deployment
  readonly tokens: readonly string[]
  readonly purchases: Purchases
  /** units that the page showed as left before the load; null: not known */
  readonly remaining: number | null
  /** keys that are asked for at most */
  readonly most: number
  readonly say?: (text: string) => void
}

interface ListedOrder {
  readonly id: string
  readonly sale: string
  readonly acceptedAt: string
}

const AT_ONCE = 16
const PAGE = 100
/** the clock of an answer is exact to a second, and orders are accepted by that of Redis */
const CLOCK_MS = 5000

/** Works through a list, several at once. */
async function each<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

/** Every n-th number, so that at most so many are left. */
function sample(count: number, most: number): number[] {
  const step = Math.max(1, Math.ceil(count / most))
  return Array.from({ length: Math.ceil(count / step) }, (_, index) => index * step)
}

const authorized = (token: string | undefined) => ({ headers: { authorization: `Bearer ${token}` } })

/** What was lost or pending is asked for again with the same key, as a storefront does. @returns how many, and how many stay open */
async function askAgain({ deployment, purchases }: Place): Promise<{ asked: number; unresolved: number }> {
  const open = sample(purchases.count, Number.POSITIVE_INFINITY).filter(
    (number) => purchases.known(number).kind === 'open'
  )
  let unresolved = 0
  await each(open, async (number) => {
    const { path, ...request } = purchases.request(number)
    const reply = await insist(`${deployment.url}${path}`, request)
    if (reply === undefined) unresolved += 1
    else purchases.settle(number, reply.status === 201 ? reply.body : undefined)
  })
  return { asked: open.length, unresolved }
}

/** `GET /v1/requests/{key}` says of each key what its client was told. */
async function askStatus({ deployment, tokens, purchases, most }: Place, broken: string[]): Promise<number> {
  const numbers = sample(purchases.count, most).filter((number) => purchases.known(number).kind !== 'open')
  await each(numbers, async (number) => {
    const known = purchases.known(number)
    const key = purchases.keyOf(number)
    const url = `${deployment.url}/v1/requests/${key}`
    const reply = await insist(url, authorized(tokens[purchases.userOf(number)]))
    const found = orderIn(reply?.body)?.id
    const told = known.kind === 'confirmed' ? known.order.id : undefined
    if (reply === undefined) broken.push(`the outcome of ${key} can be asked for`)
    else if (found !== told)
      broken.push(`${key} was told ${told ?? 'no order'}, and its status says ${found ?? 'none'}`)
  })
  return numbers.length
}

/** Ids of the orders of a sale that a user's list has, from a moment on. */
async function listedOrders(place: Place, token: string | undefined): Promise<string[] | undefined> {
  const { deployment, campaign, sale } = place
  const from = deployment.clock - CLOCK_MS
  const ids: string[] = []
  for (let cursor = ''; ; ) {
    const query = `campaign=${campaign}&limit=${PAGE}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`
    const reply = await insist(`${deployment.url}/v1/me/orders?${query}`, authorized(token))
    const items = memberOf(reply?.body, 'items')
    if (!Array.isArray(items)) return undefined
    const newer = (items as ListedOrder[]).filter(({ acceptedAt }) => Date.parse(acceptedAt) >= from)
    ids.push(...newer.filter((order) => order.sale === sale).map(({ id }) => id))
    const next = memberOf(reply?.body, 'nextCursor')
    if (newer.length < items.length || typeof next !== 'string') return ids
    cursor = next
  }
}

/** A user's list has each confirmed order once, and no other of this time. */
async function askLists(place: Place, confirmed: ReadonlyMap<number, Set<string>>, broken: string[]): Promise<number> {
  let listed = 0
  await each([...confirmed], async ([user, ids]) => {
    const found = await listedOrders(place, place.tokens[user])
    if (found === undefined) {
      broken.push(`the orders of the user of token ${user + 1} can be listed`)
      return
    }
    listed += found.length
    const lost = [...ids].filter((id) => !found.includes(id))
    const more = found.filter((id, index) => !ids.has(id) || found.indexOf(id) !== index)
    if (lost.length > 0) broken.push(`the list of token ${user + 1} has every confirmed order (${lost[0]} is missing)`)
    if (more.length > 0) broken.push(`the list of token ${user + 1} has no other orders (${more[0]} is there)`)
  })
  return listed
}

/**
 * Proves from outside what came of a load: no confirmed order is lost or there twice, no refused one is there, no position was given twice, and no
 * more was sold than was left. Others who buy with the same tokens meanwhile would show as orders that nobody was told of.
 */
export async function prove(place: Place): Promise<Proof> {
  const { purchases, remaining, say = () => {} } = place
  const broken: string[] = []
  say('asking again for answers that were lost or pending ...')
  const { asked, unresolved } = await askAgain(place)
  if (unresolved > 0) broken.push(`every key got a final answer when asked again (${unresolved} did not)`)
  const orders = new Set<string>()
  const positions = new Set<string>()
  const byUser = new Map<number, Set<string>>()
  let confirmed = 0
  for (let number = 0; number < purchases.count; number += 1) {
    const known = purchases.known(number)
    const user = purchases.userOf(number)
    const ids = byUser.get(user) ?? new Set()
    byUser.set(user, ids)
    if (known.kind !== 'confirmed') continue
    confirmed += 1
    orders.add(known.order.id)
    positions.add(`${known.order.session} ${known.order.id.split('-')[0]} ${known.order.position}`)
    ids.add(known.order.id)
  }
  if (orders.size !== confirmed) broken.push('every confirmation has an order of its own')
  if (positions.size !== confirmed) broken.push('every order has a position of its own in its session and shard')
  if (remaining !== null && confirmed > remaining)
    broken.push(`no more was sold than the ${remaining} that were left (unless units came back meanwhile)`)
  say('asking for the outcome of each key ...')
  const keys = await askStatus(place, broken)
  say('asking for the orders of each user ...')
  const listed = await askLists(place, byUser, broken)
  const facts = { requests: purchases.count, confirmed, askedAgain: asked, keys, users: byUser.size, listed }
  return { facts: { ...facts, ...(remaining !== null && { remainingBefore: remaining }) }, broken: broken.slice(0, 50) }
}
