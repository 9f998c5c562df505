import { UnavailableError } from '../../base/errors.ts'
import type { Config } from '../../config/config.ts'
import { boardKeys } from '../../record/keys.ts'
import { userOfMember } from '../../record/standing.ts'
import { callersByKey } from '../redis/callers-by-key.ts'
import { type BoardStand, decodeStand } from './board-place.ts'

const DEADLINE_MS = 800

type Place = Parameters<typeof boardKeys>[1]

/** A user on a leaderboard. */
export interface RankedUser {
  /** counted from 1 */
  readonly rank: number
  readonly user: string
  readonly score: number
}

/** Users of a leaderboard, and what their ranks stand for. */
interface RankedUsers {
  readonly stand: BoardStand
  readonly users: readonly RankedUser[]
}

/** Reads ranks. All methods throw UnavailableError while Redis does not answer, and while it holds no ranks of the period. */
export interface BoardReader {
  /** The first `count` users. */
  top(period: Place, count: number): Promise<RankedUsers>
  /** A user and the `around` users before and after them; no users where this one has no rank. */
  around(period: Place, user: string, around: number): Promise<RankedUsers>
  close(): void
}

// One call each, so that ranks and stand belong together. KEYS: ranks, users, place.
const TOP = `#!lua flags=no-writes
local place = redis.call('GET', KEYS[3])
if not place then return {} end
return { place, 0, redis.call('ZRANGE', KEYS[1], 0, ARGV[1] - 1, 'WITHSCORES') }`

const AROUND = `#!lua flags=no-writes
local place = redis.call('GET', KEYS[3])
if not place then return {} end
local member = redis.call('HGET', KEYS[2], ARGV[2])
if not member then return { place, 0, {} } end
local rank = redis.call('ZRANK', KEYS[1], member)
local from = math.max(0, rank - ARGV[1])
return { place, from, redis.call('ZRANGE', KEYS[1], from, rank + ARGV[1], 'WITHSCORES') }`

/** @throws UnavailableError when Redis holds no ranks */
function readReply(reply: unknown): RankedUsers {
  const [place, from, members = []] = reply as [string?, number?, string[]?]
  const stand = decodeStand(place)
  if (stand === undefined) throw new UnavailableError('the leaderboard is being written again')
  const users = members.flatMap((member, index) =>
    index % 2 === 1
      ? []
      : [{ rank: (from ?? 0) + index / 2 + 1, user: userOfMember(member), score: -Number(members[index + 1]) }]
  )
  return { stand, users }
}

/** Connects a process that shows leaderboards, over connections of its own: readers must not delay decisions. */
export function createBoardReader(config: Config, name: string): BoardReader {
  const callers = callersByKey(config.REDIS_URL, `${name}-boards`)

  async function ask(script: string, period: Place, args: ReadonlyArray<string | number>): Promise<RankedUsers> {
    const { ranks, users, place } = boardKeys(config.NAMESPACE, period)
    const ask = async () =>
      (await callers.of(ranks)).call('EVAL', [script, 3, ranks, users, place, ...args], DEADLINE_MS)
    const reply = await ask().catch((error: unknown) => {
      throw new UnavailableError('Redis did not answer', { cause: error })
    })
    return readReply(reply)
  }

  return {
    top: (period, count) => ask(TOP, period, [count]),
    around: (period, user, around) => ask(AROUND, period, [around, user]),
    close: () => callers.close()
  }
}
