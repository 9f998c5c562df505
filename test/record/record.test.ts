import { test } from 'tap'
import { lend, receive } from '../../src/gate/batch/loans.ts'
import { decisions, decodeReport } from '../../src/record/decisions.ts'
import { entityIn, recordField, recordKindOf } from '../../src/record/entities.ts'
import { balanceField, balanceOf, creditOf, unitParts } from '../../src/record/fields.ts'
import { campaignOfKey, logical, scopeKey, stockPlaceOf, userOfKey } from '../../src/record/keys.ts'
import { loanMoveOf } from '../../src/record/loan.ts'
import { clientKeyOf, closing, intentOf, replayField } from '../../src/record/replay.ts'
import { moveText } from '../../src/record/reports/moves.ts'
import { isSpinReport, spinFacts } from '../../src/record/reports/spin.ts'
import { decodeWin, encodeWin } from '../../src/record/win.ts'

/** A report of each type that has one, as the scripts write it. */
const examples: Partial<Record<keyof typeof decisions, readonly [text: string, read: object]>> = {
  'spin.won': [
    'lucky,mug,0a1b2c3d4e5f6,9f,first,exhausted,2,1|points -10 90|points 5 95',
    {
      kind: 'spin',
      prize: 'lucky',
      sub: 'mug',
      number: '0a1b2c3d4e5f6',
      previous: '9f',
      picked: 'first',
      why: 'exhausted',
      level: 2,
      left: 1,
      moves: [
        { unit: 'points', delta: -10, balance: 90 },
        { unit: 'points', delta: 5, balance: 95 }
      ]
    }
  ],
  'spin.lost': ['thanks,,0,,thanks,,0,', { kind: 'spin', prize: 'thanks', sub: '', why: '', left: null, moves: [] }],
  'task.completed': [
    '20781,7,1,chances:wheel,3|points 30 30',
    { kind: 'completion', day: 20781, streak: 7, bonus: true, cappedBy: 'chances:wheel', factor: 3 }
  ],
  'claim.accepted': [
    '2,tickets|points -1000 10',
    { kind: 'redemption', quantity: 2, pool: 'tickets', unit: 'points', cost: 1000 }
  ],
  'win.claimed': ['1700000000-2', { kind: 'winChange', win: '1700000000-2', shortfall: [], moves: [] }],
  'win.revoked': [
    '1700000000-2,points 3,entitlement:vip 1|points -2 0',
    {
      kind: 'winChange',
      shortfall: [
        { unit: 'points', amount: 3 },
        { unit: 'entitlement:vip', amount: 1 }
      ],
      moves: [{ unit: 'points', delta: -2, balance: 0 }]
    }
  ],
  'order.returned': [
    's,1,9900,CNY,pay%2C1',
    { kind: 'refund', status: 'shipped', returned: 1, amount: 9900, currency: 'CNY', reference: 'pay,1' }
  ],
  'campaign.adjusted': ['5,-3', { kind: 'adjustment', applied: [5, -3] }]
}

test('each report is read by the type of its decision', async (t) => {
  for (const [type, [text, read]] of Object.entries(examples)) t.match(decodeReport(type, text), read, type)
  for (const [type, { report }] of Object.entries(decisions)) {
    const read = decodeReport(type, '')
    t.ok(read === undefined || read.kind === report, `${type}: an empty report is none, or one of its kind`)
  }
  t.equal(decodeReport('pledge.made', '5'), undefined, 'a type of another version')
})

test('a completion of an older version does not say its factor', async (t) => {
  t.match(decodeReport('task.completed', ',,0,|points 10 10'), { day: null, streak: null, bonus: false, factor: null })
})

test('what the verifier puts together is what the scripts write', async (t) => {
  const [text] = examples['spin.won'] ?? ['']
  const report = decodeReport('spin.won', text)
  if (report?.kind !== 'spin') throw new Error('no spin')
  t.equal(spinFacts(report) + report.moves.map(moveText).join(''), text)
  t.ok(isSpinReport(text))
  for (const other of ['', 'a,b', text.replace(',2,1', ',x,1'), text.replace(',1|', '|')]) t.notOk(isSpinReport(other))
  const win = 'g;1700000000-3;launch;wheel;lucky;mug;8;points;1700000000000;;points b:points 5,doubler db:launch 2'
  t.equal(encodeWin(decodeWin('0-1700000000-7', win)), win)
})

test('a record is read by what its decision makes or moves', async (t) => {
  const win = 'w;1700000000-3;launch;wheel;first;;1;physical;1700000000000;1700086400000;'
  t.match(entityIn('win.claimed', '0-1700000000-2', win), { win: { id: '0-1700000000-2', prize: 'first' } })
  t.strictSame(entityIn('win.claimed', '0-1700000000-2', ''), {})
  t.throws(() => entityIn('order.paid', '0-1700000000-2', win))
  for (const type of ['order.paid', 'spin.won'] as const) {
    t.equal(recordKindOf(recordField(type, '1-2')), decisions[type].entity)
  }
  t.equal(recordField('task.completed', '1-2'), 'w:1-2', 'the prize of its reward')
  t.match(entityIn('task.completed', '0-1700000000-2', win), { win: { id: '0-1700000000-2' } })
  t.equal(recordKindOf('b:points'), undefined)
})

test('a key says what it names', async (t) => {
  const decision = { user: 'ann', campaign: 'launch', activity: 'phone' }
  t.strictSame(
    ['u', 'c', 'a', 's', 'u:ben'].map((scope) => scopeKey(scope, decision)),
    ['u:ann', 'c:launch', 'a:launch:phone', 's:launch:phone', 'u:ben']
  )
  t.equal(userOfKey(logical.user('ann')), 'ann')
  t.equal(userOfKey(logical.campaign('launch')), undefined)
  t.strictSame(stockPlaceOf(logical.pool('launch', 'codes')), { campaign: 'launch', activity: 'pool/codes' })
  t.equal(stockPlaceOf(logical.user('s:x:y')), undefined)
  for (const key of [
    logical.campaign('launch'),
    logical.activity('launch', 'phone'),
    logical.stock('launch', 'phone')
  ]) {
    t.equal(campaignOfKey(key), 'launch')
  }
})

test('the two meanings of u: are told apart by who names them', async (t) => {
  t.equal(clientKeyOf(replayField.client('key-1')), 'key-1')
  t.equal(clientKeyOf(replayField.intent(7)), undefined)
  t.equal(intentOf(replayField.intent(7)), 7)
  t.equal(intentOf(replayField.client('x:adj:7')), undefined)
})

test('a field of a user says which unit it holds', async (t) => {
  for (const field of ['b:points', 'b:launch/stars', 'ch:launch/wheel']) {
    const balance = balanceOf(field)
    t.equal(balance && balanceField(balance), field)
    t.strictSame(creditOf(field), balance)
  }
  t.equal(balanceOf('e:launch/vip'), undefined)
  t.strictSame(creditOf('e:launch/vip'), { unit: 'entitlement:vip', scope: 'launch' })
  t.equal(creditOf('n:launch'), undefined)
  t.strictSame(
    ['points', 'chances:wheel', 'entitlement:vip', 'doubler'].map((unit) => unitParts(unit).kind),
    ['amount', 'chances', 'entitlement', 'doubler']
  )
})

test('each replay field says which row has to be closed before it is forgotten', async (t) => {
  const fields: Record<keyof typeof replayField, readonly [field: string, work: string | undefined, name: string]> = {
    client: [replayField.client('k:1'), undefined, 'k:1'],
    operator: [replayField.operator('shop', 'k'), undefined, 'shop:k'],
    intent: [replayField.intent(7), 'intents', '7'],
    payment: [replayField.payment('0-1-2', 'r'), undefined, '0-1-2:r'],
    expiry: [replayField.expiry('0-1-2'), undefined, '0-1-2'],
    revocation: [replayField.revocation('0-1-2'), undefined, '0-1-2'],
    voiding: [replayField.voiding('0-1-2'), undefined, '0-1-2'],
    goal: [replayField.goal('c', 't', '20781'), 'goals', 'c/t/20781'],
    gameResult: [replayField.gameResult('c', 'g', 's:e'), undefined, 'c/g/s:e'],
    credit: [replayField.credit('0-1-2', 'a/b'), 'credits', '0-1-2:a/b'],
    handover: [replayField.handover('0-1-2'), undefined, '0-1-2'],
    job: [replayField.job(7, '0-1-2'), 'jobs', '7:0-1-2'],
    takeBack: [replayField.takeBack('0-1-2', 'a/b'), 'credits', '0-1-2:a/b'],
    level: [replayField.level('', 3), 'levels', ':3'],
    spin: [replayField.spin('0-1-2'), undefined, '0-1-2'],
    importLine: [replayField.importLine('points', 'a:b'), 'imports', 'points:a:b'],
    lend: [replayField.lend('one'), 'loans', 'one'],
    receipt: [replayField.receipt('one'), 'loans', 'one'],
    archive: [replayField.archive('c', 3), undefined, 'c:3'],
    command: [replayField.command('digest'), undefined, 'digest']
  }
  for (const [field, work, name] of Object.values(fields)) t.same(closing(field), { work, name }, field)
  for (const unknown of ['x:later:1', 'x:', 'd', '']) t.equal(closing(unknown), undefined, unknown)
})

test('a loan is read from either of its decisions, whatever it really moved', async (t) => {
  const item = { loan: 'l', key: 's:c:s', field: 'am:remaining', from: 0, to: 2 }
  const lending = { ...item, campaign: 'c', opening: 7, notAfter: 8 }
  const lent = lend({ ...lending, asked: 5 })
  const decided = ({ type, campaign, request }: typeof lent, report: string) =>
    loanMoveOf({ type, campaign, request: JSON.parse(request), report })
  t.same(decided(lent, '-3'), { ...item, campaign: 'c', type: 'stock.lent', units: 5, moved: 3 })
  t.match(decided(lent, '0'), { units: 5, moved: 0 })
  t.match(decided(receive({ ...lending, amount: 3 }), '3'), { type: 'stock.received', units: 3, moved: 3 })
  t.equal(loanMoveOf({ type: 'campaign.adjusted', campaign: 'c', request: JSON.parse(lent.request) }), undefined)
  t.equal(loanMoveOf({ type: 'stock.lent', campaign: 'c', request: { key: 's:c:s' } }), undefined)
})
