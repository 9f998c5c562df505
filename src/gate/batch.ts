import type { Command } from './commands.ts'
import { logical, shardKeys } from './keys.ts'

/** What rides in a gate call: a command, or one of the reads that follow the same rules. */
export type Call =
  | Command
  | { readonly op: 'query'; readonly user: string; readonly key: string }
  | { readonly op: 'orders'; readonly user: string }

export interface CallLimits {
  /** ms of Redis time after which nothing of the batch may happen, 0 = none */
  readonly notAfter: number
  /** frames in the outbox beyond which the gate refuses */
  readonly outboxFrames: number
  /** bytes in kept beyond which the gate refuses */
  readonly keptBytes: number
  /** accepted decisions of one user at most */
  readonly decisionsPerUser: number
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

class Keys {
  readonly list: string[]
  readonly #prefix: string
  readonly #index = new Map<string, number>()

  constructor(prefix: string) {
    this.#prefix = prefix
    this.list = shardKeys(prefix)
  }

  placeLogical(key: string): number {
    return this.place(this.#prefix + key)
  }

  place(key: string): number {
    const known = this.#index.get(key)
    if (known !== undefined) return known
    this.list.push(key)
    this.#index.set(key, this.list.length)
    return this.list.length
  }

  /** c:, a:, s: side by side; the index is that of the first. */
  placeActivity(campaign: string, activity: string): number {
    const name = `${campaign}/${activity}`
    const known = this.#index.get(name)
    if (known !== undefined) return known
    const first = this.list.length + 1
    this.list.push(
      this.#prefix + logical.campaign(campaign),
      this.#prefix + logical.activity(campaign, activity),
      this.#prefix + logical.stock(campaign, activity)
    )
    this.#index.set(name, first)
    return first
  }
}

/** The caller's part of a decision in the frame: JSON text without braces. */
function head(command: Command): string {
  return (
    `"user":"${command.user}","key":${JSON.stringify(command.key)},"hash":"${command.hash}",` +
    `"campaign":"${command.campaign}","activity":"${command.activity}","request":${command.request}`
  )
}

function pushCall(args: Array<string | number>, keys: Keys, call: Call): void {
  const user = keys.placeLogical(logical.user(call.user))
  switch (call.op) {
    case 'buy': {
      const place = keys.placeActivity(call.campaign, call.activity)
      args.push('b', place, user, call.key, call.hash, call.quantity, call.level, head(call))
      return
    }
    case 'transition': {
      const place = keys.placeActivity(call.campaign, call.activity)
      args.push('t', place, user, call.key, call.hash, call.transition, entityOf(call.order), call.by)
      args.push(call.amount ?? '', call.currency ?? '', call.quantity ?? '', head(call))
      return
    }
    case 'adjust':
      args.push('j', user, call.key, call.hash, call.type, head(call), call.puts.length)
      for (const [key, field, value] of call.puts) args.push(keys.placeLogical(key), field, value)
      args.push(call.adds.length)
      for (const [key, field, delta] of call.adds) args.push(keys.placeLogical(key), field, delta)
      return
    case 'query':
      args.push('q', user, call.key)
      return
    case 'orders':
      args.push('o', user)
      return
  }
}

/** KEYS and ARGV of one call of lua/gate.lua; see its header. */
export function encodeBatch(
  prefix: string,
  calls: readonly Call[],
  rest: { readonly settles: readonly SettleRequest[]; readonly limits: CallLimits }
): { keys: string[]; args: Array<string | number> } {
  const { settles, limits } = rest
  const keys = new Keys(prefix)
  const args: Array<string | number> = [limits.notAfter, limits.outboxFrames, limits.keptBytes, limits.decisionsPerUser]
  args.push(settles.length)
  for (const settle of settles) {
    args.push(settle.entry)
    for (const key of settle.keys) keys.place(key)
  }
  args.push(calls.length)
  for (const call of calls) pushCall(args, keys, call)
  return { keys: keys.list, args }
}
