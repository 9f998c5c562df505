import t from 'tap'
import { isOfCampaign } from '../../src/record/campaign-fields.ts'
import { creditedField, userField } from '../../src/record/fields.ts'

const order = (campaign: string) => `a;5-1;${campaign};phone;am;1;100;CNY;1700000000000;900;;1;0`
const win = (campaign: string) => `w;5-1;${campaign};wheel;first;;1;physical;1700000000000;;`

/** Each field as it is in a campaign: the compiler asks for one of each family. */
const fields: Readonly<Record<keyof typeof userField, (campaign: string) => ReadonlyArray<readonly [string, string]>>> =
  {
    balance: (c) => [[userField.balance('coins', c), '7']],
    chances: (c) => [[userField.chances(c, 'wheel'), '7']],
    chancesCredited: (c) => [
      [userField.chancesCredited(c, 'wheel', 20000), '7'],
      [creditedField(userField.balance('coins', c), 20000), '7']
    ],
    chancesKept: (c) => [[userField.chancesKept(c, 'wheel'), '20000;1']],
    participation: (c) => [[userField.participation(c), '7']],
    times: (c) => [
      [userField.times(c, 'wheel'), '7'],
      [userField.times(c, 'share:verified', 20000), '7']
    ],
    once: (c) => [[userField.once(c, 'assist', '0-5-1'), '5-1']],
    wins: (c) => [
      [userField.wins(c, 'wheel'), '7'],
      [userField.wins(c, 'wheel', 1), '7']
    ],
    heldWins: (c) => [[userField.heldWins(c), '7']],
    streak: (c) => [[userField.streak(c, 'check-in'), '20000;1;5-1']],
    completed: (c) => [[userField.completed(c, 'check-in'), '5-1']],
    doubler: (c) => [[userField.doubler(c), '1;2;a;5-1;3']],
    losses: (c) => [[userField.losses(c, 'wheel'), '1;5-1']],
    drawn: (c) => [[userField.drawn(c, 'wheel'), '5-1;3;ab;;first;0;']],
    inviteCode: (c) => [[userField.inviteCode(c, 'friends'), '5-1;x;y']],
    invitedBy: (c) => [[userField.invitedBy(c, 'friends'), '5-1;1;x']],
    entitlement: (c) => [[userField.entitlement(c, 'vip'), '1']],
    entitlementOwed: (c) => [[userField.entitlementOwed(c, 'vip'), '1;5-1']],
    expired: (c) => [[userField.expired(c, 'points'), '7;0;5-1;5-2']],
    level: (c) => [[userField.level(c), '3']],
    disqualified: (c) => [[userField.disqualified(c), '1']],
    visibility: (c) => [[userField.visibility(`comment-of-${c}`), 'hidden;2']],
    order: (c) => [[userField.order('5-1'), order(c)]],
    win: (c) => [[userField.win('5-1'), win(c)]],
    fulfilment: (c) => [[userField.fulfilment(c, '5-1'), 's;1']],
    // how many decisions there are, and are forgotten, is of no campaign
    decisions: () => [],
    forgotten: () => []
  }

t.test('every field of a user that is of a campaign is known as such, and those of others are not', async (t) => {
  const of = (campaign: string) => ({ campaign, comments: new Set([`comment-of-${campaign}`]) })
  for (const [family, make] of Object.entries(fields)) {
    for (const field of make('launch')) {
      t.ok(isOfCampaign(field, of('launch')), `${family}: ${field[0]}`)
      t.notOk(isOfCampaign(field, of('launch-2')), `${family} of another campaign`)
    }
    for (const field of make('launch-2')) t.notOk(isOfCampaign(field, of('launch')), `${family} of a longer name`)
  }
})

t.test('what belongs to the account stays', async (t) => {
  const launch = { campaign: 'launch', comments: new Set<string>() }
  const account = [
    userField.balance('points', ''),
    creditedField(userField.balance('points', ''), 20000),
    userField.level(''),
    userField.decisions,
    userField.balance('launch', ''),
    'u:key-of-launch',
    'x:adj:7',
    'q:7'
  ]
  for (const field of account) t.notOk(isOfCampaign([field, '1'], launch), field)
})
