import fc from 'fast-check'
import type { Pool } from 'pg'
import tap, { test } from 'tap'
import { inTransaction } from '../../src/store/connection/transaction.ts'
import type { Followed } from '../../src/store/following/followed.ts'
import { noteVoidedShares, verifyShares } from '../../src/store/shares/verification.ts'
import { freshDatabase } from '../support/servers/database.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { bought, NOON } from '../support/shop/board.ts'
import { aListener, growing, store } from '../support/shop/followed.ts'

// A share of a result is verified and voided: who reads which of both first, and how far behind, must not matter.

const { databaseUrl } = await sharedServers(tap)
const activities = [
  ...growing,
  { id: 'puzzle', kind: 'game', outcomes: { solved: { points: 5 } }, onShared: { points: 3 } }
]
const readers = { sharing: aListener('sharing', activities), puzzle: aListener('puzzle', activities) }

let shares = 0

/** Somebody who played shared it, and a service said that the share is genuine. */
async function aSharedResult(pool: Pool) {
  shares += 1
  const [share, user] = [`0-1-${shares}`, `player-${shares}`]
  const decided = (type: string, more: Partial<Followed> = {}): Followed => ({
    ...bought({ user, units: 1, at: shares }),
    type,
    activity: 'sharing',
    record: '',
    request: { share, channel: 'weibo', verifiedAt: new Date(NOON).toISOString() },
    ...more
  })
  await store({ pool }, [decided('game.completed', { activity: 'puzzle', request: {} })])
  await pool.query(
    `insert into shares (shard, share_id, campaign_id, activity_id, user_id, channel, subject_type, subject_id, key, hash,
       epoch, sequence, created_at)
     values (0, $1, 'c', 'sharing', $2, 'weibo', 'result', 'puzzle', $1, '', 1, $3, $4)`,
    [share, user, shares, new Date(NOON)]
  )
  await verifyShares(pool, [{ share, campaign: 'c', by: 'scan', at: NOON }])
  return { share, user, verified: decided('share.verified'), voided: decided('share.voided') }
}

const steps = ['sharing', 'puzzle', 'sharing', 'puzzle', 'gateway'] as const

test('a shared result whose share is voided gives nothing, whoever reads what first', async (t) => {
  const { pool } = await freshDatabase(t, databaseUrl)
  const given = async (user: string) => {
    const { rows } = await pool.query(
      `select 1 from credits where user_id = $1 and role = 'puzzle/shared' and not voided`,
      [user]
    )
    return rows.length
  }
  const property = fc.asyncProperty(
    fc.boolean(),
    fc.record({ sharing: fc.boolean(), puzzle: fc.boolean() }),
    fc.shuffledSubarray([...steps], { minLength: 5 }),
    async (verifiedFirst, together, order) => {
      const { share, user, verified, voided } = await aSharedResult(pool)
      const decisions = verifiedFirst ? [verified, voided] : [voided, verified]
      const left = { sharing: [...decisions], puzzle: [...decisions] }
      for (const step of order) {
        // whoever voids it notes it at once, or never, when it is killed
        if (step === 'gateway') await noteVoidedShares(pool, 'c', [share])
        else {
          const portion = left[step].splice(0, together[step] ? 2 : 1)
          await inTransaction(pool, (session) => readers[step].take(session, portion))
        }
      }
      t.equal(await given(user), 0, `${verifiedFirst} ${JSON.stringify(together)} ${order.join()}`)
    }
  )
  await fc.assert(property, { numRuns: 60 })
  const { user, verified } = await aSharedResult(pool)
  for (const reader of Object.values(readers)) await inTransaction(pool, (session) => reader.take(session, [verified]))
  t.equal(await given(user), 1, 'one that stands gives it')
})
