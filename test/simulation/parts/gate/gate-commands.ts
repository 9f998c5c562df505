import { comparePlaces, NOWHERE, type Place, placeOf } from '../frame.ts'
import type { Batch, CallReply, Command } from './gate-batch.ts'
import { count, decisionOf, isGone, isReplay, LIMITS, shardKeys, stockKey, userKey } from './gate-state.ts'

const refused = (code: string): CallReply => ({ kind: 'refused', code })

function replay(batch: Batch, { user, key, hash }: Command): CallReply | undefined {
  const record = batch.node.hget(userKey(user), key)
  if (record === undefined) return undefined
  const [known, id = '', entry = ''] = record.split(';')
  if (hash !== '' && known !== hash && !batch.bugs.has('no-request-hash')) return refused('KEY_REUSED')
  if (!batch.bugs.has('replay-without-outbox')) batch.isOpen(entry)
  return { kind: 'decided', id, entry, replayed: true }
}

/** Does a campaign that is over refuse it? */
function refusal(batch: Batch, { op, campaign }: Command): CallReply | undefined {
  if (op === 'query' || op === 'credit' || op === 'lapse') return undefined
  if (isGone(batch.node, campaign)) return refused('NOT_FOUND')
  const has = (field: string) => batch.node.hget(stockKey(campaign), field) !== undefined
  if (has('final') && op !== 'archive') return refused('ENDED')
  return has('ended') && ['buy', 'earn', 'claim', 'spend'].includes(op) ? refused('ENDED') : undefined
}

interface OrderRecord {
  readonly status: string
  /** frame that moved it last */
  readonly entry: string
  readonly at: string
  readonly campaign: string
  /** its money is due back */
  readonly refund: string
}

function readOrder(record: string): OrderRecord {
  const [status = '', entry = '', at = '', campaign = '', refund = ''] = record.split(';')
  return { status, entry, at, campaign, refund }
}

function orderText({ status, entry, at, campaign, refund }: OrderRecord): string {
  return [status, entry, at, campaign, refund].join(';')
}

function buy(batch: Batch, command: Command): CallReply {
  const { node } = batch
  const { campaign } = command
  const user = userKey(command.user)
  const stock = stockKey(campaign)
  const bought = `n:${campaign}`
  if (count(node, user, bought) >= LIMITS.unitsPerUser) return refused('LIMIT_REACHED')
  if (count(node, stock, 'remaining') < 1) return refused('SOLD_OUT')
  batch.take(stock, 'remaining', -1)
  batch.take(stock, 'held', 1)
  batch.take(user, bought, 1)
  const position = String(count(node, stock, 'position') + 1)
  batch.put(stock, 'position', position)
  const record = orderText({ status: 'a', entry: batch.entry, at: String(batch.now), campaign, refund: '' })
  return batch.decide(command, {
    type: 'accepted',
    order: batch.nextId,
    record,
    position,
    add: { [stock]: { remaining: -1, held: 1 }, [user]: { [bought]: 1 } },
    put: { [stock]: { position } }
  })
}

/** Each spin of a campaign names the one before it. */
function spin(batch: Batch, { campaign }: Command) {
  const stock = stockKey(campaign)
  const previous = batch.node.hget(stock, 'chain') ?? ''
  batch.put(stock, 'chain', batch.nextId)
  return { previous, put: { [stock]: { chain: batch.nextId } } }
}

/** Points and a unit go at once; nothing comes back. */
function claim(batch: Batch, command: Command): CallReply {
  const { node } = batch
  const user = userKey(command.user)
  const stock = stockKey(command.campaign)
  if (count(node, user, 'points') < 1) return refused('INSUFFICIENT_BALANCE')
  if (count(node, stock, 'remaining') < 1) return refused('SOLD_OUT')
  batch.take(user, 'points', -1)
  batch.take(stock, 'remaining', -1)
  batch.take(stock, 'paid', 1)
  return batch.decide(command, {
    type: 'claimed',
    ...spin(batch, command),
    add: { [stock]: { remaining: -1, paid: 1 }, [user]: { points: -1 } }
  })
}

/** A point goes for nothing that there is a stock of. */
function spend(batch: Batch, command: Command): CallReply {
  const user = userKey(command.user)
  if (count(batch.node, user, 'points') < 1) return refused('INSUFFICIENT_BALANCE')
  batch.take(user, 'points', -1)
  return batch.decide(command, { type: 'spent', add: { [user]: { points: -1 } } })
}

function earn(batch: Batch, command: Command): CallReply {
  const user = userKey(command.user)
  const earned = `earned:${command.campaign}`
  if (count(batch.node, user, earned) >= LIMITS.earnedPerUser) return refused('LIMIT_REACHED')
  batch.take(user, earned, 1)
  const points = command.delta ?? 1
  batch.give(user, 'points', points)
  const gift = { [`w:${batch.nextId}`]: `w;${batch.entry}` }
  const { put, ...spun } = spin(batch, command)
  for (const [field, value] of Object.entries(gift)) batch.put(user, field, value)
  return batch.decide(command, {
    type: 'earned',
    ...spun,
    put: { ...put, [user]: gift },
    add: { [user]: { [earned]: 1, points } },
    ...(command.creditTo !== undefined && { creditTo: command.creditTo })
  })
}

function credit(batch: Batch, command: Command): CallReply {
  const user = userKey(command.user)
  batch.give(user, 'points', 1)
  return batch.decide(command, { type: 'credited', add: { [user]: { points: 1 } }, cause: command.cause ?? '' })
}

function adjust(batch: Batch, command: Command): CallReply {
  const stock = stockKey(command.campaign)
  const wanted = command.delta ?? 0
  const delta = Math.max(wanted, -count(batch.node, stock, 'remaining'))
  const move = (field: string) => (delta < 0 ? batch.take(stock, field, delta) : batch.give(stock, field, delta))
  move('remaining')
  move('total')
  const add = { [stock]: { remaining: delta, total: delta } }
  return batch.decide(command, { type: 'adjusted', add, cause: command.cause ?? '' })
}

function transition(batch: Batch, command: Command): CallReply {
  const order = command.order ?? ''
  const user = userKey(command.user)
  const text = batch.node.hget(user, `o:${order}`)
  if (text === undefined) return refused('NOT_FOUND')
  const known = readOrder(text)
  const { status, refund } = known
  if (!batch.bugs.has('no-wait-for-cause') && batch.isOpen(known.entry)) return { kind: 'wait', entry: known.entry }
  const stock = stockKey(command.campaign)
  const record = (changed: Partial<OrderRecord>) => orderText({ ...known, entry: batch.entry, ...changed })
  if (status !== 'a') {
    if (command.op !== 'pay') return refused('CONFLICT')
    // the one payment of this order, whose replay was forgotten
    if ((status === 'p' || refund !== '') && !batch.bugs.has('payment-forgotten')) return refused('PAID')
    // money that came too late: a decision that changes nothing and is never lost
    return batch.decide(command, { type: 'refund-due', order, record: record({ refund: 'r' }) })
  }
  if (command.op === 'expire' && batch.now < Number(known.at) + LIMITS.payWithinMs) return refused('EARLY')
  batch.take(stock, 'held', -1)
  if (command.op === 'pay') {
    batch.take(stock, 'paid', 1)
    return batch.decide(command, {
      type: 'paid',
      order,
      record: record({ status: 'p' }),
      add: { [stock]: { held: -1, paid: 1 } }
    })
  }
  const bought = `n:${command.campaign}`
  batch.give(stock, 'remaining', 1)
  batch.give(user, bought, -1)
  return batch.decide(command, {
    type: command.op === 'cancel' ? 'cancelled' : 'expired',
    order,
    record: record({ status: command.op === 'cancel' ? 'c' : 'e' }),
    add: { [stock]: { held: -1, remaining: 1 }, [user]: { [bought]: -1 } }
  })
}

/** The user's newest decision, as the gate knows it. */
function newestOf({ node }: Batch, user: string): Place {
  const records = [...node.hgetall(userKey(user))].filter(([field]) => isReplay(field))
  return (
    records
      .map(([, record]) => decisionOf(record))
      .sort(comparePlaces)
      .at(-1) ?? NOWHERE
  )
}

/** lua/commands/expire.lua: takes what was counted, unless something was decided that was not counted. */
function lapse(batch: Batch, command: Command): CallReply {
  const { amount, newest, epoch, upTo } = command.lapse ?? { amount: 0, newest: NOWHERE, epoch: 0, upTo: '' }
  const { bugs, node } = batch
  const user = userKey(command.user)
  if (epoch !== batch.epoch && !bugs.has('lapse-in-any-opening')) return refused('CONFLICT')
  const known = newestOf(batch, command.user)
  const isCounted = known.epoch !== batch.epoch || comparePlaces(known, newest) === 0
  if (!isCounted && !bugs.has('lapse-beside-decisions')) return refused('CONFLICT')
  if (count(node, user, 'points') < amount) return refused('CONFLICT')
  if (bugs.has('lapse-when-settled')) batch.give(user, 'points', -amount)
  else batch.take(user, 'points', -amount)
  const expired = { [expiredField(command)]: [amount, upTo, batch.entry].join(';') }
  for (const [field, value] of Object.entries(expired)) batch.put(user, field, value)
  return batch.decide(command, { type: 'lapsed', add: { [user]: { points: -amount } }, put: { [user]: expired } })
}

const expiredField = ({ campaign }: Command) => `xp:${campaign}`

/** lua/steps/claw-back.lua: takes back what was earned, as far as it has not expired and is there. */
function revoke(batch: Batch, command: Command): CallReply {
  const { bugs, node } = batch
  const { id, points } = command.gift ?? { id: '', points: 0 }
  const user = userKey(command.user)
  const [status, entry = ''] = node.hget(user, `w:${id}`)?.split(';') ?? []
  if (status === undefined) return refused('NOT_FOUND')
  if (status === 'r') return refused('VOIDED')
  if (batch.isOpen(entry)) return { kind: 'wait', entry }
  const field = expiredField(command)
  const [left = '0', upTo = '', noted = ''] = node.hget(user, field)?.split(';') ?? []
  if (noted !== '' && batch.isOpen(noted)) return { kind: 'wait', entry: noted }
  const isOfGift = comparePlaces(placeOf(id), placeOf(upTo)) <= 0 && !bugs.has('taken-twice')
  const counted = isOfGift ? Math.min(Number(left), points) : 0
  const taken = Math.min(points - counted, Math.max(0, count(node, user, 'points')))
  batch.take(user, 'points', -taken)
  const rest = bugs.has('counted-again') ? left : Number(left) - counted
  const put = {
    [`w:${id}`]: `r;${batch.entry}`,
    ...(counted > 0 && { [field]: [rest, upTo, batch.entry].join(';') })
  }
  for (const [name, value] of Object.entries(put)) batch.put(user, name, value)
  const gift = { id, missing: points - counted - taken }
  return batch.decide(command, { type: 'taken-back', gift, add: { [user]: { points: -taken } }, put: { [user]: put } })
}

/** Nothing new is decided in the campaign from here (`end`), nothing at all (`final`). */
function close(batch: Batch, command: Command): CallReply {
  const field = command.op === 'end' ? 'ended' : 'final'
  const stock = stockKey(command.campaign)
  batch.put(stock, field, '1')
  const put = { [stock]: { [field]: '1' } }
  return batch.decide(command, { type: field, put, cause: command.cause ?? '' })
}

/** One of the decisions that take a campaign out of Redis. */
function archive(batch: Batch, command: Command): CallReply {
  const { campaign, del = {}, last = false } = command
  for (const [key, fields] of Object.entries(del)) {
    if (fields.includes('*')) batch.node.del(key)
    else for (const field of fields) batch.node.hdel(key, field)
  }
  const put = { [shardKeys.gone]: { [campaign]: '1' } }
  if (last) batch.put(shardKeys.gone, campaign, '1')
  return batch.decide(command, { type: 'archived', del, last, ...(last && { put }) })
}

const commands: Record<Command['op'], (batch: Batch, command: Command) => CallReply> = {
  buy,
  claim,
  earn,
  credit,
  adjust,
  archive,
  lapse,
  revoke,
  spend,
  end: close,
  final: close,
  cancel: transition,
  pay: transition,
  expire: transition,
  query: () => ({ kind: 'none' })
}

export function decideCommand(batch: Batch, command: Command): CallReply {
  return replay(batch, command) ?? refusal(batch, command) ?? commands[command.op](batch, command)
}
