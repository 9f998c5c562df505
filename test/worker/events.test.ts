import { test } from 'tap'
import type { Frame, FrameDecision } from '../../src/journal/frame.ts'
import { streamNames } from '../../src/journal/subjects.ts'
import { toEvents } from '../../src/worker/events.ts'

const names = streamNames('floodgate')
const EPOCH = 1_700_000_000

function told(decision: Partial<FrameDecision> & { readonly type: string }) {
  const whole: FrameDecision = {
    seq: 7,
    user: 'ann',
    key: 'u:key',
    hash: '',
    campaign: 'launch',
    activity: 'wheel',
    request: {},
    ...decision
  }
  const frame: Frame = { v: 1, shard: 0, epoch: EPOCH, batch: 3, at: EPOCH * 1000, decisions: [whole] }
  const [event] = toEvents(frame, whole, names)
  if (!event) throw new Error(`${decision.type} is not told`)
  return { on: event.subject, id: event.id, ...(JSON.parse(event.payload) as { subject: string; data: object }) }
}

const won = `g;${EPOCH}-3;launch;wheel;lucky;mug;8;points;${EPOCH * 1000};;points b:points 5`
const claimed = `c;${EPOCH}-9;launch;wheel;first;;1;physical;${EPOCH * 1000};${EPOCH * 1000 + 60_000};`

test('a spin that won says what was won, from which number, and what moved', async (t) => {
  const event = told({
    type: 'spin.won',
    report: 'lucky,mug,0a1b2c3d4e5f6,9f,first,exhausted,2,1|points -10 90|points 5 95',
    put: { u: { [`w:${EPOCH}-7`]: won } }
  })
  t.match(event, { on: 'floodgate.launch.spin.won', id: `0-${EPOCH}-7`, subject: `0-${EPOCH}-7` })
  t.same(event.data, {
    user: 'ann',
    campaign: 'launch',
    activity: 'wheel',
    spin: `0-${EPOCH}-7`,
    draw: 'wheel',
    prize: 'lucky',
    subPrize: 'mug',
    win: `0-${EPOCH}-7`,
    tier: 8,
    type: 'points',
    status: 'given',
    wonAt: new Date(EPOCH * 1000).toISOString(),
    claimBy: null,
    given: [{ unit: 'points', amount: 5 }],
    number: '0a1b2c3d4e5f6',
    previousNumber: '9f',
    picked: 'first',
    reason: 'exhausted',
    level: 2,
    moves: [
      { unit: 'points', delta: -10, balance: 90 },
      { unit: 'points', delta: 5, balance: 95 }
    ],
    request: {},
    sequence: 7,
    entityVersion: 1
  })
})

test('a spin that lost is named by its decision and has no win', async (t) => {
  const event = told({ type: 'spin.lost', report: 'thanks,,0a1b2c3d4e5f6,,thanks,,0,|points -10 90' })
  t.match(event, {
    subject: `0-${EPOCH}-7`,
    data: { prize: 'thanks', subPrize: null, win: null, previousNumber: null }
  })
})

test('changes of a win are told under the win, in rising versions', async (t) => {
  const win = `0-${EPOCH}-2`
  const put = { u: { [`w:${EPOCH}-2`]: claimed } }
  t.match(told({ type: 'win.claimed', win, put, report: `${EPOCH}-2` }), {
    subject: win,
    data: { win, prize: 'first', status: 'claimed', entityVersion: 2 }
  })
  const revoked = told({
    type: 'win.revoked',
    win,
    put: { u: { [`w:${EPOCH}-2`]: claimed.replace('c;', 'r;') } },
    report: `${EPOCH}-2,points 3|points -2 0`
  })
  t.match(revoked, {
    subject: win,
    data: {
      status: 'revoked',
      moves: [{ unit: 'points', delta: -2, balance: 0 }],
      shortfall: [{ unit: 'points', amount: 3 }],
      entityVersion: 3
    }
  })
})

test('claims and completions are named by their decision and say what was paid and earned', async (t) => {
  t.match(told({ type: 'claim.accepted', activity: 'ticket', report: '2,tickets|points -1000 10' }), {
    subject: `0-${EPOCH}-7`,
    data: { item: 'ticket', quantity: 2, pool: 'tickets', moves: [{ unit: 'points', delta: -1000, balance: 10 }] }
  })
  t.match(told({ type: 'task.completed', activity: 'check-in', report: '20781,7,1,chances:wheel|points 5 5' }), {
    data: { task: 'check-in', day: 20781, streak: 7, streakBonus: true, cappedBy: 'chances:wheel' }
  })
  t.match(told({ type: 'task.completed', activity: 'buyer', report: ',,0,|chances:wheel 1 1' }), {
    data: { task: 'buyer', day: null, streak: null, streakBonus: false, cappedBy: null }
  })
})

test('a balance of the account is told under a subject that no campaign can have', async (t) => {
  const event = told({
    type: 'balance.credited',
    campaign: '',
    activity: '',
    report: '50',
    add: { 'u:ann': { 'b:points': 50, 'e:launch/vip': 1 } }
  })
  t.match(event, {
    on: 'floodgate._account.balance.credited',
    subject: 'ann',
    data: { user: 'ann', campaign: '', credits: [{ unit: 'points', scope: '', delta: 50 }] }
  })
})
