import { randomUUID } from 'node:crypto'
import type { Config } from '../../config/config.ts'
import { boardKeys } from '../../record/keys.ts'
import { memberOf, type Reached } from '../../record/standing.ts'
import { RedisCallError, type RedisCaller } from '../redis/caller.ts'
import { callersByKey } from '../redis/callers-by-key.ts'
import { type BoardStand, decodeStand, encodeStand } from './board-place.ts'

const DEADLINE_MS = 2000
/** A rebuild that was given up leaves its keys for so long. */
const ABANDONED_SECONDS = 600

type Caller = Pick<RedisCaller, 'call'>
type Place = Parameters<typeof boardKeys>[1]
type Keys = ReturnType<typeof boardKeys>
type Call = readonly [command: string, ...args: Array<string | number>]

/** A score to show; one that is not above zero is on no board. */
interface ScoredUser extends Reached {
  readonly user: string
  readonly score: number
}

/** Ranks that are written beside those that are shown. One that is given up is gone after some minutes. */
export interface NewRanks {
  /** Writes users; one may come again, and the later score counts. @throws RedisCallError */
  write(users: readonly ScoredUser[]): Promise<void>
  /** Shows what was written. @throws RedisCallError */
  show(stand: BoardStand): Promise<void>
}

/** Keeps the ranks of leaderboards in Redis, which Postgres has all of: what is lost here is written again. */
export interface BoardWriter {
  /** What the ranks stand for; undefined where there are none. @throws RedisCallError */
  stand(period: Place): Promise<BoardStand | undefined>
  /**
   * Brings ranks from one stand to the next, as a whole or not at all.
   * @returns false when they do not stand at `from` (any more)
   * @throws RedisCallError
   */
  advance(period: Place, step: { from: BoardStand; to: BoardStand; users: readonly ScoredUser[] }): Promise<boolean>
  /** Begins ranks beside those that are shown: they are shown once all are written. */
  startAnew(period: Place): NewRanks
  /** Drops the ranks of a period that is over. @throws RedisCallError */
  drop(period: Place): Promise<void>
  close(): void
}

/** Runs commands as one transaction. @returns false when a watched key was changed by somebody else */
async function transact(caller: Caller, calls: readonly Call[]): Promise<boolean> {
  const all: Call[] = [['MULTI'], ...calls, ['EXEC']]
  const answers = await Promise.allSettled(all.map(([command, ...args]) => caller.call(command, args, DEADLINE_MS)))
  const last = answers.at(-1)
  if (last?.status !== 'fulfilled') throw last?.reason
  if (last.value === null) return false
  const failed = (last.value as unknown[]).find((answer) => answer instanceof Error)
  if (failed instanceof Error) throw new RedisCallError('refused', failed.message)
  return true
}

/** The commands that give users new scores. @param members their present ones, null for none */
function changesOf(keys: Keys, users: readonly ScoredUser[], members: readonly unknown[]): Call[] {
  const old = members.filter((member): member is string => typeof member === 'string')
  const shown = users.filter(({ score }) => score > 0)
  const gone = users.filter(({ score }) => score <= 0).map(({ user }) => user)
  const calls: Call[] = []
  if (old.length > 0) calls.push(['ZREM', keys.ranks, ...old])
  if (gone.length > 0) calls.push(['HDEL', keys.users, ...gone])
  if (shown.length > 0) {
    // the smallest first, so that equal scores are in the order of their members
    calls.push(['ZADD', keys.ranks, ...shown.flatMap((user) => [-user.score, memberOf(user)])])
    calls.push(['HSET', keys.users, ...shown.flatMap((user) => [user.user, memberOf(user)])])
  }
  return calls
}

/** The commands that exchange the ranks which are shown for others. @param isThere whether any user was written */
function shownInstead(keys: Keys, fresh: Keys, { stand, isThere }: { stand: BoardStand; isThere: boolean }): Call[] {
  const moved: Call[] = isThere
    ? [
        ['RENAME', fresh.ranks, keys.ranks],
        ['PERSIST', keys.ranks],
        ['RENAME', fresh.users, keys.users],
        ['PERSIST', keys.users]
      ]
    : [['DEL', keys.ranks, keys.users]]
  return [...moved, ['SET', keys.place, encodeStand(stand)]]
}

async function standIn(caller: Caller, { place }: Keys): Promise<BoardStand | undefined> {
  return decodeStand(await caller.call('GET', [place], DEADLINE_MS))
}

/** The present members of users, null for none. */
async function membersOf(caller: Caller, keys: Keys, users: readonly ScoredUser[]): Promise<unknown[]> {
  if (users.length === 0) return []
  const names = users.map(({ user }) => user)
  return (await caller.call('HMGET', [keys.users, ...names], DEADLINE_MS)) as unknown[]
}

/** Connects a process that counts leaderboards, over connections of its own: a rebuild must not delay decisions. */
export function createBoardWriter(config: Config, name: string): BoardWriter {
  const callers = callersByKey(config.REDIS_URL, `${name}-boards`)
  const keysOf = (period: Place) => boardKeys(config.NAMESPACE, period)
  const callerOf = (keys: Keys) => callers.of(keys.place)

  return {
    async stand(period) {
      const keys = keysOf(period)
      return standIn(await callerOf(keys), keys)
    },
    async advance(period, { from, to, users }) {
      const keys = keysOf(period)
      const caller = await callerOf(keys)
      await caller.call('WATCH', [keys.place], DEADLINE_MS)
      const known = await standIn(caller, keys)
      if (known === undefined || encodeStand(known) !== encodeStand(from)) {
        await caller.call('UNWATCH', [], DEADLINE_MS)
        return false
      }
      const changes = changesOf(keys, users, await membersOf(caller, keys, users))
      return transact(caller, [...changes, ['SET', keys.place, encodeStand(to)]])
    },
    startAnew(period) {
      const keys = keysOf(period)
      // of this attempt alone: two workers may write the same ranks
      const fresh = keysOf({ ...period, period: `${period.period}:${randomUUID()}` })
      // a field that no user has: a Redis that was wiped meanwhile has lost it
      let first: Call[] = [['HSET', fresh.users, '', '']]
      const expiries = [fresh.ranks, fresh.users].map((key): Call => ['EXPIRE', key, ABANDONED_SECONDS])
      return {
        async write(users) {
          const caller = await callerOf(fresh)
          const changes = changesOf(fresh, users, await membersOf(caller, fresh, users))
          await transact(caller, [...first, ...changes, ...expiries])
          first = []
        },
        async show(stand) {
          const caller = await callerOf(fresh)
          if ((await caller.call('HDEL', [fresh.users, ''], DEADLINE_MS)) !== 1)
            throw new RedisCallError('lost', 'Redis has lost ranks that were being written.')
          const isThere = (await caller.call('EXISTS', [fresh.users], DEADLINE_MS)) === 1
          await transact(caller, shownInstead(keys, fresh, { stand, isThere }))
        }
      }
    },
    async drop(period) {
      const keys = keysOf(period)
      await (await callerOf(keys)).call('UNLINK', [keys.ranks, keys.users, keys.place], DEADLINE_MS)
    },
    close: () => callers.close()
  }
}
