import { logical } from '../../record/keys.ts'
import { encodeShipment } from '../../record/order.ts'
import { fulfilmentLetter } from '../../record/statuses.ts'
import { type KeyPlace, Keys } from './call-keys.ts'
import type {
  AdjustCommand,
  Command,
  ExpireCommand,
  FinishCommand,
  FulfilCommand,
  LoanCommand,
  ParticipateCommand,
  RemoveCommand,
  TakeBackCommand,
  WinCommand
} from './commands.ts'

/** One call in a batch: a command, or a read that follows the same rules. */
export type Call =
  | Command
  | { readonly op: 'query'; readonly user: string; readonly key: string }
  /** `name`: `<epoch>-<sequence>` of one order or win, replay field of one decision; '' = all that Postgres may lack */
  | {
      readonly op: 'list'
      readonly what: 'orders' | 'wins' | 'decisions'
      readonly user: string
      readonly name: string
    }
  /** `<epoch>-<sequence>` of an order or win */
  | { readonly op: 'owner'; readonly entity: string }
  | { readonly op: 'fields'; readonly user: string; readonly names: readonly string[] }
  | { readonly op: 'look'; readonly items: readonly Item[] }
  | ({ readonly op: 'fact' } & Fact)

/** Something that shards lend to one another. */
export interface Item {
  /** logical key of a stock hash */
  readonly key: string
  /** `<name>:remaining` */
  readonly field: string
}

/** What all other shards have of an item. */
export interface Fact {
  /** epoch: under another one it is not written */
  readonly opening: number
  readonly item: Item
  readonly units: number | 'unknown'
  /** Redis' time of this shard in ms, read before the others were */
  readonly seen: number
}

export interface CallLimits {
  /** ms of Redis time after which the script does nothing, 0 = none */
  readonly notAfter: number
  /** the most frames in the outbox; with more the gate refuses */
  readonly outboxFrames: number
  /** the most bytes in kept; with more the gate refuses */
  readonly keptBytes: number
  /** the most accepted decisions of one user */
  readonly decisionsPerUser: number
}

/** Of a call that only reads: a read changes nothing, so it may come late, and also while the gate decides nothing. */
export const UNBOUNDED: CallLimits = {
  notAfter: 0,
  outboxFrames: Number.MAX_SAFE_INTEGER,
  keptBytes: Number.MAX_SAFE_INTEGER,
  decisionsPerUser: 1
}

export interface SettleRequest {
  /** `<epoch>-<batch>` */
  readonly entry: string
  /** physical keys of the hashes that the frame's gives name */
  readonly keys: readonly string[]
}

/** `epoch-sequence` of an order id `shard-epoch-sequence`. */
export function entityOf(id: string): string {
  return id.slice(id.indexOf('-') + 1)
}

/** A newline ends a field. Between JSON tokens a space means the same, and inside a string a newline is escaped. */
function oneLine(text: string): string {
  return text.includes('\n') ? text.replaceAll('\n', ' ') : text
}

/** The caller's part of a decision in the frame: JSON text without braces. The script adds what buyers have in common. */
function ownPart(command: Command): string {
  return (
    `"user":"${command.user}","key":${JSON.stringify(command.key)},"hash":"${command.hash}",` +
    `"request":${oneLine(command.request)}`
  )
}

/** As ownPart, with campaign and activity, which the script does not add here. */
function head(command: Command): string {
  return `${ownPart(command)},"campaign":"${command.campaign}","activity":"${command.activity}"`
}

type Fields = Array<string | number>

function pushAdjust(fields: Fields, keys: Keys, call: AdjustCommand): void {
  fields.push(
    'j',
    keys.placeLogical(logical.user(call.user)),
    call.key,
    call.hash,
    call.type,
    head(call),
    call.puts.length
  )
  for (const [key, field, value] of call.puts) fields.push(keys.placeLogical(key), oneLine(field), oneLine(value))
  fields.push(call.adds.length)
  for (const [key, field, delta] of call.adds) fields.push(keys.placeLogical(key), oneLine(field), delta)
}

function pushRemove(fields: Fields, keys: Keys, call: RemoveCommand): void {
  const user = keys.placeLogical(logical.user(call.user))
  fields.push('x', user, call.key, call.hash, call.type, head(call), call.puts.length)
  for (const [key, field, value] of call.puts) fields.push(keys.placeLogical(key), oneLine(field), oneLine(value))
  const removed = call.removals.flatMap(([key, names]) =>
    (names.length === 0 ? [''] : names).map((name) => [key, name] as const)
  )
  fields.push(removed.length)
  for (const [key, name] of removed) fields.push(keys.placeLogical(key), oneLine(name))
}

function pushLoan(fields: Fields, keys: Keys, call: LoanCommand): void {
  const user = keys.placeLogical(logical.user(call.user))
  fields.push('n', call.opening, Math.floor(call.notAfter), user, call.key, call.hash, call.type, head(call), 0, 1)
  fields.push(keys.placeStock(call.stock), call.field, call.delta)
}

function placePool(keys: Keys, campaign: string, pool: string): number {
  return keys.placeLogical(logical.pool(campaign, pool))
}

function placePools(keys: Keys, campaign: string, pools: string): string {
  return pools === ''
    ? '0'
    : pools
        .split(',')
        .map((pool) => placePool(keys, campaign, pool))
        .join()
}

function pushFinish(fields: Fields, keys: Keys, call: FinishCommand): void {
  const place = keys.placeActivity(call.campaign, call.activity)
  const user = keys.placeLogical(logical.user(call.user))
  fields.push('d', place, user, call.key, call.hash, entityOf(call.decision))
  fields.push(placePools(keys, call.campaign, call.pool), ownPart(call))
}

function pushParticipate(fields: Fields, keys: Keys, call: ParticipateCommand): void {
  const place = keys.placeActivity(call.campaign, call.activity)
  const user = keys.placeLogical(logical.user(call.user))
  const pools = placePools(keys, call.campaign, call.pool)
  fields.push('p', place, user, call.key, call.hash, call.quantity, call.level, call.by, call.random, pools)
  fields.push(call.day ?? '', call.action ?? '', oneLine(call.about ?? ''), ownPart(call))
}

function pushWin(fields: Fields, keys: Keys, call: WinCommand): void {
  const place = keys.placeActivity(call.campaign, call.activity)
  const user = keys.placeLogical(logical.user(call.user))
  fields.push('w', place, user, call.key, call.hash, call.change, entityOf(call.win), call.by)
  const pool = call.pool === undefined || call.pool === '' ? 0 : placePool(keys, call.campaign, call.pool)
  fields.push(call.returnQuota ? 1 : 0, pool, head(call))
}

function pushFulfil(fields: Fields, keys: Keys, call: FulfilCommand): void {
  const place = keys.placeActivity(call.campaign, call.activity)
  const user = keys.placeLogical(logical.user(call.user))
  fields.push('u', place, user, call.key, call.hash, fulfilmentLetter(call.state), entityOf(call.win), head(call))
}

function pushTakeBack(fields: Fields, keys: Keys, call: TakeBackCommand): void {
  const given = call.given.map(({ unit, field, amount }) => `${unit} ${field} ${amount}`)
  fields.push('k', keys.placeLogical(logical.user(call.user)), call.key, call.hash, 'reward.taken-back')
  fields.push(call.givenUnder, entityOf(call.givenBy), given.join(), head(call))
}

function pushExpire(fields: Fields, keys: Keys, call: ExpireCommand): void {
  fields.push('y', keys.placeLogical(logical.user(call.user)), call.key, call.hash, 'balance.expired', head(call))
  fields.push(entityOf(call.newest), call.field, call.amount, entityOf(call.upTo), call.expiredField)
}

function pushCall(fields: Fields, keys: Keys, call: Call): void {
  if (call.op === 'adjust') {
    pushAdjust(fields, keys, call)
    return
  }
  if (call.op === 'owner') {
    fields.push('o', call.entity)
    return
  }
  if (call.op === 'look') {
    fields.push('m', call.items.length)
    for (const { key, field } of call.items) fields.push(keys.placeStock(key), field)
    return
  }
  if (call.op === 'fact') {
    const { opening, item, units, seen } = call
    fields.push('e', opening, `${item.key} ${item.field}`, units === 'unknown' ? '?' : units, Math.floor(seen))
    return
  }
  const user = keys.placeLogical(logical.user(call.user))
  switch (call.op) {
    case 'buy': {
      const place = keys.placeActivity(call.campaign, call.activity)
      fields.push('b', place, user, call.key, call.hash, call.quantity, call.level, ownPart(call))
      return
    }
    case 'transition': {
      const place = keys.placeActivity(call.campaign, call.activity)
      fields.push('t', place, user, call.key, call.hash, call.transition, entityOf(call.order), call.by)
      const terms = call.shipment === undefined ? (call.currency ?? '') : encodeShipment(call.shipment)
      fields.push(call.amount ?? '', terms, call.quantity ?? '', head(call))
      return
    }
    case 'query':
      fields.push('q', user, call.key)
      return
    case 'participate':
      pushParticipate(fields, keys, call)
      return
    case 'finish':
      pushFinish(fields, keys, call)
      return
    case 'win':
      pushWin(fields, keys, call)
      return
    case 'fulfil':
      pushFulfil(fields, keys, call)
      return
    case 'takeBack':
      pushTakeBack(fields, keys, call)
      return
    case 'expire':
      pushExpire(fields, keys, call)
      return
    case 'remove':
      pushRemove(fields, keys, call)
      return
    case 'loan':
      pushLoan(fields, keys, call)
      return
    case 'list':
      fields.push('l', user, call.what[0] ?? '', call.name)
      return
    case 'fields':
      fields.push('f', user, call.names.length, ...call.names)
      return
    default:
      call satisfies never
  }
}

/** KEYS and ARGV of one call of lua/gate.lua; see its header. */
export function encodeBatch(
  place: KeyPlace,
  calls: readonly Call[],
  rest: { readonly settles: readonly SettleRequest[]; readonly limits: CallLimits }
): { keys: string[]; args: Array<string | number> } {
  const { settles, limits } = rest
  const keys = new Keys(place)
  for (const settle of settles) for (const key of settle.keys) keys.place(key)
  const fields: Fields = [calls.length]
  for (const call of calls) pushCall(fields, keys, call)
  fields.push('')
  const entries = settles.map(({ entry }) => entry).join()
  const args = [
    limits.notAfter,
    limits.outboxFrames,
    limits.keptBytes,
    limits.decisionsPerUser,
    entries,
    fields.join('\n')
  ]
  return { keys: keys.list, args }
}
