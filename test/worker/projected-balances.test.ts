import fc from 'fast-check'
import type { Client } from 'pg'
import t, { type Test } from 'tap'
import type { Frame, FrameDecision } from '../../src/journal/frame.ts'
import { balanceField } from '../../src/record/fields.ts'
import { openSession } from '../../src/store/connection/pool.ts'
import { storeFrames } from '../../src/store/projection/projection.ts'
import { balancesOfUser, ledgerOfUser } from '../../src/store/reading/ledger.ts'
import { takeShard } from '../../src/store/shard/shards.ts'
import { foldFrames } from '../../src/worker/projection/fold-frames.ts'
import { type Database, freshDatabase } from '../support/servers/database.ts'
import { sharedServers } from '../support/servers/servers.ts'

const { databaseUrl } = await sharedServers(t)

const EPOCH = 1_700_000_000

/** A movement as a decision of the journal may cause it. */
interface Movement {
  readonly user: number
  readonly unit: string
  readonly scope: string
  readonly amount: number
  /** in the hash of the decision's own user, or named as an operator's adjustment names it */
  readonly named: boolean
}

/** Makes frames, and keeps what they add up to. Nothing is taken that is not there, as in a correct journal. */
class Journal {
  readonly sums = new Map<string, number>()
  #batch = 0
  #seq = 0

  frame(movements: readonly Movement[], honest = true): Frame {
    this.#batch += 1
    const decisions = movements.map((movement) => this.#decision(movement, honest))
    return { v: 1, shard: 0, epoch: EPOCH, batch: this.#batch, at: EPOCH * 1000 + this.#batch, decisions }
  }

  #decision({ user, unit, scope, amount, named }: Movement, honest: boolean): FrameDecision {
    this.#seq += 1
    const place = `user-${user} ${scope} ${unit}`
    const before = this.sums.get(place) ?? 0
    const delta = honest ? Math.max(amount, -before) : amount
    this.sums.set(place, before + delta)
    const fields = { [balanceField({ unit, scope })]: delta, 'n:launch': 1 }
    return {
      seq: this.#seq,
      type: named ? 'balance.credited' : 'task.completed',
      user: named ? '$system' : `user-${user}`,
      key: `x:${this.#seq}`,
      hash: '',
      campaign: 'launch',
      activity: 'check-in',
      request: {},
      add: { [named ? `u:user-${user}` : 'u']: fields }
    }
  }
}

interface Projection extends Database {
  readonly session: Client
  /** stores frames in one transaction, as the projector does */
  readonly store: (frames: readonly Frame[]) => Promise<number>
}

async function projection(t: Test): Promise<Projection> {
  const database = await freshDatabase(t, databaseUrl)
  const session = await openSession(database.config, 'projection-test')
  t.teardown(() => session.end())
  const ownerTerm = (await takeShard(session, database.config.NAMESPACE, 0)) ?? 0
  let sequence = 0
  const store = (frames: readonly Frame[]) => {
    sequence += frames.length
    return storeFrames(session, {
      shard: 0,
      ownerTerm,
      frames: frames.map((frame) => ({
        epoch: EPOCH,
        batch: frame.batch,
        stream_epoch: EPOCH,
        stream_sequence: sequence,
        decided_at: frame.at,
        decisions: frame.decisions.length,
        first_sequence: frame.decisions[0]?.seq ?? 0
      })),
      deadLetters: [],
      position: { epoch: EPOCH, sequence },
      fold: (fresh) => foldFrames(frames, fresh)
    })
  }
  return { ...database, session, store }
}

async function stored({ pool }: Database): Promise<Map<string, number>> {
  const { rows } = await pool.query<{ place: string; balance: number }>(
    `select user_id || ' ' || scope || ' ' || unit as place, balance from balances`
  )
  return new Map(rows.map(({ place, balance }) => [place, balance]))
}

const withoutZeros = (sums: ReadonlyMap<string, number>) =>
  Object.fromEntries([...sums].filter(([, sum]) => sum !== 0).sort())

const movement = fc.record({
  user: fc.nat(4),
  unit: fc.constantFrom('points', 'coins', 'chances:wheel'),
  scope: fc.constant('launch'),
  amount: fc.integer({ min: -60, max: 100 }),
  named: fc.boolean()
})
const accountMovement = movement.map((one) => (one.unit === 'points' ? { ...one, scope: '' } : one))

/** Frames, some of them a second time, in transactions of any size. */
const history = fc.array(
  fc.record({
    movements: fc.array(accountMovement, { minLength: 1, maxLength: 6 }),
    again: fc.boolean(),
    cut: fc.boolean()
  }),
  { minLength: 1, maxLength: 12 }
)

t.test('balances are the sum of what the journal moved, in batches of any size, with repeated frames', async (t) => {
  const parts = await projection(t)
  const journal = new Journal()
  await fc.assert(
    fc.asyncProperty(history, async (steps) => {
      let waiting: Frame[] = []
      for (const { movements, again, cut } of steps) {
        const frame = journal.frame(movements)
        waiting.push(frame, ...(again ? [frame] : []))
        if (!cut) continue
        await parts.store(waiting)
        waiting = again ? [frame] : []
      }
      if (waiting.length > 0) await parts.store(waiting)
      const found = await stored(parts)
      t.same(withoutZeros(found), withoutZeros(journal.sums))
    }),
    { numRuns: 30 }
  )
  const { rows } = await parts.pool.query<{ differing: number }>(
    `select count(*) as differing from balances b where balance <> (
       select coalesce(sum(delta), 0) from ledger l
       where l.user_id = b.user_id and l.scope = b.scope and l.unit = b.unit)`
  )
  t.equal(rows[0]?.differing, 0, 'the ledger says the same')
  const [entry] = await ledgerOfUser(parts.pool, 'user-0', { limit: 1 })
  t.match(entry, { campaign: 'launch', activity: 'check-in' })
})

t.test('a balance below zero is an error, and nothing of its transaction is stored', async (t) => {
  const parts = await projection(t)
  const journal = new Journal()
  const points = { user: 1, unit: 'points', scope: '', named: false }
  await parts.store([journal.frame([{ ...points, amount: 10 }])])
  const good = journal.frame([{ ...points, user: 2, amount: 5 }])
  const bad = journal.frame([{ ...points, amount: -11 }], false)
  await t.rejects(parts.store([good, bad]), { code: '23514', constraint: 'balances_not_negative' })
  const unknown = journal.frame([{ ...points, user: 3, amount: -1 }], false)
  await t.rejects(parts.store([unknown]), { code: '23514' })
  t.same(await balancesOfUser(parts.pool, 'user-1'), [{ scope: '', unit: 'points', balance: 10 }])
  t.same(await balancesOfUser(parts.pool, 'user-2'), [])
  t.equal((await parts.pool.query('select 1 from ledger')).rowCount, 1)
})

t.test('one transaction of many users costs one statement for their balances', async (t) => {
  const parts = await projection(t)
  const journal = new Journal()
  const frames = Array.from({ length: 100 }, (_, batch) =>
    journal.frame(
      Array.from({ length: 100 }, (_, index) => {
        const user = batch * 100 + index
        return { user, unit: 'points', scope: '', amount: 5, named: false }
      })
    )
  )
  for (const round of ['made', 'changed']) {
    const more = round === 'made' ? frames : frames.map(({ decisions }) => journal.frame(decisions.map(earned)))
    const started = performance.now()
    await parts.store(more)
    t.comment(`10,000 balances ${round} in ${Math.round(performance.now() - started)} ms`)
  }
  t.same(withoutZeros(await stored(parts)), withoutZeros(journal.sums))
})

/** The same user earns once more. */
function earned({ user }: FrameDecision): Movement {
  return { user: Number(user.slice(5)), unit: 'points', scope: '', amount: 7, named: false }
}
