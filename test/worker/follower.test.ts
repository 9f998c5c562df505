import type { Pool } from 'pg'
import { pino } from 'pino'
import t from 'tap'
import { changeCampaign } from '../../src/store/campaigns/campaigns.ts'
import { Follower } from '../../src/worker/following/follower.ts'
import type { Listener } from '../../src/worker/following/listener.ts'
import { ListenerPlan } from '../../src/worker/following/plan.ts'
import { freshDatabase } from '../support/servers/database.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { waitFor } from '../support/wait.ts'

// Two workers that follow one shard at the same time, as when one stood still, lost it to another one, and goes on.

const urls = await sharedServers(t)

/** A door that is open but for the nth who comes. */
class Door {
  isHeld = false
  #left = 0
  #open: () => void = () => undefined

  /** @param nth from now on, from 1 */
  holdThe(nth: number): void {
    this.#left = nth
  }

  open(): void {
    this.isHeld = false
    this.#open()
  }

  async pass(): Promise<void> {
    this.#left -= 1
    if (this.#left !== 0) return
    this.isHeld = true
    await new Promise<void>((resolve) => {
      this.#open = resolve
    })
  }
}

/** A worker that can be made to stand still before it reads places, and before a transaction. */
function workerOn(pool: Pool, listenersOf: (names: readonly string[]) => readonly Listener[]) {
  const places = new Door()
  const transactions = new Door()
  const doored = Object.assign(Object.create(pool) as Pool, {
    query: async (...args: [string]) => {
      if (String(args[0]).includes('position_epoch')) await places.pass()
      return pool.query(...args)
    },
    connect: async () => {
      await transactions.pass()
      return pool.connect()
    }
  })
  const plan = new ListenerPlan(
    doored,
    (rules) => listenersOf((rules as unknown as { readonly names: readonly string[] }).names),
    { shard: 0, gate: { hashes: async () => [] } as never }
  )
  const follower = new Follower({ pool: doored, shard: 0, plan, logger: pino({ level: 'silent' }) })
  return { follower, places, transactions }
}

async function scene(t: Parameters<typeof freshDatabase>[0]) {
  const { pool } = await freshDatabase(t, urls.databaseUrl, 8)
  await pool.query(`insert into shards (shard, epoch, state) values (0, 1, 'open')`)
  await pool.query(
    `insert into campaigns (campaign_id, author, published_version, rules) values ('c', 'ada', 1, '{"names":[]}')`
  )
  await pool.query('create table heard (nth bigserial, listener text, id text)')
  const failing = new Set<string>()
  const listenersOf = (names: readonly string[]): Listener[] =>
    names.map((name) => ({
      name,
      async take(session, decisions) {
        if (failing.delete(name)) throw new Error('a moment of bad luck')
        for (const { id } of decisions)
          await session.query('insert into heard (listener, id) values ($1, $2)', [name, id])
      }
    }))
  let stored = 0
  /** Frames of one decision each, by their batches, as the journal has them. */
  const storeThese = async (batches: readonly number[], { epoch = 1 } = {}) => {
    for (const batch of batches) {
      stored += 1
      await pool.query(
        `insert into frames (shard, epoch, batch, stream_epoch, stream_sequence, decided_at, decisions, first_sequence)
         values (0, $1, $2::bigint, $1, $3, now(), 1, $2::bigint)`,
        [epoch, batch, stored]
      )
      await pool.query(
        `insert into decisions values (0, $1, $2::bigint, $2::bigint, 'did', 'ann', $3, '', 'c', 'a', '', '', now(), '{}', '{}', '{}', '', '')`,
        [epoch, batch, `u:${epoch}-${batch}`]
      )
    }
    await pool.query('update shards set position_epoch = $1, position_sequence = $2', [epoch, stored])
  }
  const store = (frames: number) => storeThese(Array.from({ length: frames }, (_, index) => stored + index + 1))
  const listening = (...names: string[]) => changeCampaign(pool, 'c', { rules: { names } })
  const heardInOrder = async (listener: string) => {
    const { rows } = await pool.query<{ id: string }>('select id from heard where listener = $1 order by nth', [
      listener
    ])
    return rows.map(({ id }) => Number(id.split('-')[2]))
  }
  const heard = async (listener: string) => (await heardInOrder(listener)).toSorted((a, b) => a - b)
  const workers = () => [workerOn(pool, listenersOf), workerOn(pool, listenersOf)] as const
  return { pool, store, storeThese, listening, heard, heardInOrder, workers, failing }
}

/** Begins a step. What it reads in vain is read again, and it says so by an error. */
function begin({ follower }: ReturnType<typeof workerOn>) {
  let isOver = false
  const over = () => {
    isOver = true
  }
  const done = follower.step().then(over, over)
  // a step that takes too long ends before it comes to a door: then nothing is proven, and nothing fails
  const stands = (door: Door) => waitFor(() => door.isHeld || isOver, { what: 'the worker to stand still' })
  return { done, stands }
}

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1)

t.test('a worker that knew fewer listeners does not have the others read past one that has come', async (t) => {
  const { store, listening, heard, workers } = await scene(t)
  const [old, other] = workers()
  await listening('first')
  await store(2)
  await begin(old).done
  old.places.holdThe(1)
  const standing = begin(old)
  await standing.stands(old.places)
  await listening('first', 'second')
  await begin(other).done
  await store(2)
  old.places.open()
  await standing.done
  for (const worker of [other, old, other]) await begin(worker).done
  t.strictSame(await heard('second'), upTo(4))
  t.strictSame(await heard('first'), upTo(4))
})

t.test('a listener that has caught up does not join others who have moved on meanwhile', async (t) => {
  const { store, listening, heard, workers } = await scene(t)
  const [old, other] = workers()
  await listening('first')
  // more than one portion
  await store(130)
  await begin(old).done
  await listening('first', 'second')
  // notes the second listener, and has read a portion for it
  old.transactions.holdThe(2)
  const standing = begin(old)
  await standing.stands(old.transactions)
  // has read the same portion
  other.transactions.holdThe(1)
  const late = begin(other)
  await late.stands(other.transactions)
  old.transactions.holdThe(1)
  old.transactions.open()
  await standing.stands(old.transactions)
  await store(2)
  // stores nothing for the second one, and goes on for the first one
  other.transactions.open()
  await late.done
  old.transactions.open()
  await standing.done
  for (const worker of [other, old, other]) await begin(worker).done
  t.strictSame(await heard('second'), upTo(132))
  t.strictSame(await heard('first'), upTo(132))
})

t.test('a listener that failed does not read again what another worker had it read', async (t) => {
  const { store, listening, heard, workers, failing } = await scene(t)
  const [old, other] = workers()
  await listening('first')
  await store(2)
  for (const worker of [old, other]) await begin(worker).done
  await store(1)
  failing.add('first')
  // its first transaction fails; in the second one it notes where
  old.transactions.holdThe(2)
  const standing = begin(old)
  await standing.stands(old.transactions)
  await begin(other).done
  old.transactions.open()
  await standing.done
  for (const worker of [other, old]) await begin(worker).done
  t.strictSame(await heard('first'), upTo(3))
})

const from = (first: number, last: number) => upTo(last).slice(first - 1)

/** Some steps: on a slow machine one reads a single portion. */
async function steps(worker: ReturnType<typeof workerOn>): Promise<void> {
  for (const _ of upTo(6)) await begin(worker).done
}

t.test('what is stored later than it was decided is heard in the order in which it was decided', async (t) => {
  const { storeThese, listening, heardInOrder, workers } = await scene(t)
  const [worker] = workers()
  await listening('first')
  await steps(worker)
  await storeThese([1, 2, 4, 5])
  await steps(worker)
  t.strictSame(await heardInOrder('first'), upTo(2), 'the third is nowhere yet')
  await storeThese([7, 6, 3, 9])
  await steps(worker)
  t.strictSame(await heardInOrder('first'), upTo(7))
  // more than two portions
  await storeThese(from(10, 260))
  await steps(worker)
  t.strictSame(await heardInOrder('first'), upTo(7))
  await storeThese([8, 261])
  await steps(worker)
  t.strictSame(await heardInOrder('first'), upTo(261))
  await listening('first', 'second')
  await steps(worker)
  t.strictSame(await heardInOrder('second'), upTo(261), 'so is the history')
  await storeThese([263, 262])
  await steps(worker)
  t.strictSame(await heardInOrder('second'), upTo(263))
})

t.test('what never comes is not waited for: an opening lost it, or its row is gone', async (t) => {
  const { pool, storeThese, listening, heardInOrder, workers } = await scene(t)
  const [worker] = workers()
  await pool.query('insert into openings (shard, epoch, opened) values (0, 1, true)')
  await listening('first')
  await steps(worker)
  await storeThese([1, 3])
  await pool.query('insert into openings (shard, epoch, opened) values (0, 2, false)')
  await steps(worker)
  t.strictSame(await heardInOrder('first'), [1], 'the journal is still read')
  await pool.query('update openings set opened = true')
  await steps(worker)
  t.strictSame(await heardInOrder('first'), [1, 3])
  await storeThese([1, 2, 3], { epoch: 2 })
  await pool.query('update openings set complete_batch = 2 where epoch = 2')
  await pool.query('delete from frames where epoch = 2 and batch <= 2')
  await steps(worker)
  t.strictSame(await heardInOrder('first'), [1, 3, 3])
})

t.test('a worker of before may have stopped in between', async (t) => {
  const { pool, storeThese, listening, heardInOrder, workers } = await scene(t)
  const [worker] = workers()
  // where listening begins
  await storeThese([1, 3])
  await listening('first')
  await steps(worker)
  t.strictSame(await heardInOrder('first'), [1], 'the third waits for the second')
  await storeThese([2, 5, 4])
  await steps(worker)
  t.strictSame(await heardInOrder('first'), upTo(5))
  await pool.query("update reader_places set sequence = 4 where name = 'following'")
  await steps(worker)
  t.strictSame(await heardInOrder('first'), [...upTo(5), 4])
})
