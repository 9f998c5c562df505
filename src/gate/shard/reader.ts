import { UnavailableError } from '../../base/errors.ts'
import type { Command } from '../batch/commands.ts'
import type { CallReply } from '../batch/decode.ts'
import { type Call, entityOf } from '../batch/encode.ts'
import type { HashReader, UserReader } from '../gate.ts'
import type { ConnectedShard } from './connect-shard.ts'
import { outcomeOf, withEnd } from './decider.ts'
import type { Router } from './router.ts'
import { summed } from './summed.ts'
import { readUnstored } from './unstored.ts'

type Read = Exclude<Call, Command>
type ListReply = Extract<CallReply, { items: unknown }>
type ReplyOf<Kind> = Extract<CallReply, { kind: Kind }>

/** @throws UnavailableError */
async function ask<Kind extends CallReply['kind']>(
  shard: ConnectedShard,
  call: Read,
  kind: Kind
): Promise<ReplyOf<Kind>> {
  await shard.settling.ended()
  const result = await shard.reader.enqueue(call)
  if (result.kind !== 'reply') throw new UnavailableError(result.reason)
  const { reply } = result
  if (reply.kind === kind) return reply as ReplyOf<Kind>
  if (reply.kind === 'too many') throw new UnavailableError('Postgres lags behind: too much of this user waits for it.')
  throw new UnavailableError(`The ${kind} of this user are not readable in Redis.`)
}

/** Reads what Redis holds about users, over the connection for reads, and the hashes of rules and stock. */
export function createReader(router: Router): UserReader & HashReader {
  async function list<What extends ListReply['kind']>(user: string, what: What, name = ''): Promise<ReplyOf<What>> {
    return ask(router.ofUser(user), { op: 'list', what, user, name }, what)
  }

  async function ordersOf(user: string, name?: string) {
    const { items } = await list(user, 'orders', name)
    return items.map(({ item, journaled }) => ({ order: item, journaled }))
  }

  async function winsOf(user: string, name?: string) {
    const { items } = await list(user, 'wins', name)
    return items.map(({ item, journaled }) => ({ win: item, journaled }))
  }

  /** An order or win is in the shard of its user. */
  const isWith = (user: string, id: string) => router.ofId(id) === router.ofUser(user)

  return {
    ordersOf: (user) => ordersOf(user),
    winsOf: (user) => winsOf(user),
    orderOf: async (user, order) => (isWith(user, order) ? (await ordersOf(user, entityOf(order)))[0] : undefined),
    winOf: async (user, win) => (isWith(user, win) ? (await winsOf(user, entityOf(win)))[0] : undefined),
    unstoredOf: async (user) => readUnstored((await list(user, 'decisions')).items),
    unstoredUnder: async (user, key) => readUnstored((await list(user, 'decisions', key)).items)[0],

    async fieldsOf(user, names) {
      const shard = router.ofUser(user)
      if (names.length === 0) return {}
      const { values } = await ask(shard, { op: 'fields', user, names }, 'fields')
      const there = names.flatMap((name, index) => {
        const value = values[index]
        return value === undefined ? [] : [[name, value] as const]
      })
      return Object.fromEntries(there)
    },

    async lookup(user, key) {
      const shard = router.ofUser(user)
      const result = await shard.reader.enqueue({ op: 'query', user, key })
      if (result.kind !== 'reply') throw new UnavailableError(result.reason)
      if (result.reply.kind === 'none') return undefined
      if (result.reply.kind !== 'decided')
        throw new UnavailableError('The record of this key is not readable in Redis.')
      return withEnd(shard, user, await outcomeOf(shard, result, result.reply))
    },

    async ownerOf(id) {
      const result = await router.ofId(id)?.reader.enqueue({ op: 'owner', entity: entityOf(id) })
      if (result === undefined) return undefined
      if (result.kind !== 'reply') throw new UnavailableError(result.reason)
      return result.reply.kind === 'owner' ? result.reply.user : undefined
    },

    async read(keys, shard) {
      if (shard !== undefined) return router.of(shard).read(keys)
      const all = await Promise.all(router.numbers.map((number) => router.of(number).read(keys)))
      return keys.map((key, index) =>
        summed(
          key,
          all.map((hashes) => hashes[index] ?? {})
        )
      )
    }
  }
}
