import type { Policies } from '../../src/campaign/definition/rules.ts'
import { kindWords, window } from './kind-words.ts'
import { shareWords } from './share-words.ts'
import { surveyWords } from './survey-words.ts'

/** What each policy means, where it is worth saying by value. */
export const policyWords: Readonly<Record<keyof Policies, string>> = {
  releasedOrderReturnsLimit:
    'whether an order that is cancelled, expires or is returned gives the buyer the limit back, and the entitlement too unless it was returned',
  revokedWinReturnsQuota: 'whether the prize of a revoked win can be won again; a single revocation may say otherwise',
  unusedDailyChances: '`expire`: unused daily chances end at midnight; `keep`: they are kept, for at most 30 days',
  sessionRollover: '`none`: units that a session did not sell are not sold by the next one',
  returnRestocks: 'whether a returned unit is for sale again',
  clawback:
    '`toZero`: a revocation takes back at most what is left, down to zero; the answer and the event say what was missing',
  cancellable:
    'whether buyers may cancel an order: `never`, `unpaid`: before it is paid, `unshipped`: before it is shipped. Operators may cancel in any case',
  rewardRelease: '`review`: somebody approves claimed wins and rewards for what others did; `automatic`: at once',
  returnWithinDays:
    'days after the end during which orders can be paid, cancelled, shipped and returned, and wins be claimed and revoked: 90 where it is left out, and never less than prizes may be claimed or orders be paid. From then on the campaign is final, and all this is refused with `ENDED`',
  grantCap:
    'the most that operators may grant to one user in this campaign, by unit; `chances` counts those of all draws together, `entitlement` all entitlements'
}

const supplier = 'the id of who supplies it, for settlements; on no page'

/** What each field means. Each table is one object of a definition; a field that is missing here is an error. */
export const fieldWords: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  campaign: {
    $schema: 'for editors; nothing reads it',
    id: 'its name in paths, events and reports',
    title: 'what pages show',
    description: 'what pages show below it',
    timezone:
      'the IANA time zone whose midnight ends a day, for daily sessions, limits per day, chances, streaks and ship-by dates',
    opensAt: 'before this time everything is refused with `NOT_STARTED`; from the year 2000 on',
    closesAt: 'from this time on everything is refused with `ENDED`',
    calendar:
      'holidays and worked weekend days, for ship-by dates, daily sessions and streaks: see [calendar](#calendar). Without one the business days are Monday to Friday',
    admission:
      'how many decisions a second the whole campaign takes; requests beyond that are answered with 429; no limit where absent',
    limits: 'limits over all its sales: see [limits](#limits)',
    units: 'units beside `points`, or `points` that belong to this campaign alone: see [units](#units)',
    policies: 'what comes back when: see [policies](#policies)',
    levels:
      'levels that users earn here, beside that of their [token](tokens.md), and what each is worth: see [level](#level)',
    levelScope:
      '`campaign` (also where absent): the earned level counts here; `account`: in all campaigns that say so, the highest that one of them gave',
    activities: 'what can be done in it'
  },
  calendar: {
    holidays: 'dates that are no business days, whatever their weekday; ISO dates of the time zone of the campaign',
    workdays: 'Saturdays and Sundays that are business days'
  },
  admission: {
    ratePerSecond: 'how many decisions are let in each second',
    burst: 'how many may come at once before the rate limits them'
  },
  limits: {
    unitsPerUser:
      'how many units of all sales together one user may buy; whether cancelled and expired ones count is said by `releasedOrderReturnsLimit`'
  },
  units: {
    scope: '`account`: one balance for all campaigns, as `points` is by default; `campaign`: of this campaign alone',
    expiresAt: 'when what this campaign gave of it expires: at its close or later, as first published; `account` only'
  },
  level: {
    id: 'its number. A user has the highest level all of whose conditions are met',
    when: 'what has to be reached, all of it: see [when of a level](#when-of-a-level); without it only a token gives this level',
    privileges:
      'what it is worth: see [privileges](#privileges). Those of the highest level that the user has reached apply, not those of lower ones'
  },
  'when of a level': {
    shares: 'shares of the user that were verified and not voided; what a voided share led to does not count either',
    visits:
      'visitors of the shares, each once a share, or once a day where they are not signed in; nobody who made the share, and no program',
    registrations: 'registrations that came by the shares',
    orders: 'orders that came by the shares, less those that expired, were cancelled or came back in full',
    conversions: 'those registrations and orders together',
    points:
      'points earned by what the user did: spending them takes nothing away, a revocation of what gave them does, grants and imports do not count',
    amount: 'minor units of orders that were paid, less what was returned; of one currency'
  },
  privileges: {
    earlySeconds: 'a sale opens so much earlier, while no other session of it is open',
    extraUnits: 'every limit of units per user of a sale is so much higher',
    discountPercent: 'off the price of sales with `levelDiscount`, to the minor unit below; the order keeps its price',
    flags: 'words for other systems: they are in `/me` and in the event `level.changed`, and change nothing else'
  },
  activity: {
    id: 'its name in paths, events and reports; unique in its campaign, for ever',
    title: 'what pages show; the id where it is absent. A sale needs one',
    description: 'what pages show below it',
    category: 'a word by which pages may group activities; it changes nothing else',
    sort: 'the order on pages, the smallest number first; 0 where absent',
    image: 'the address of a picture, for pages',
    spec: 'what it is like, by property, for pages',
    instructions: 'how to use what is claimed or won; shown to its owner alone. A prize may have its own',
    visibleFrom: 'before this time it is on no page, and requests are refused with `NOT_FOUND`',
    requires: 'who may take part: see [requires](#requires)',
    kind: 'which kind of activity it is; each kind has a table below'
  },
  requires: {
    entitlement:
      'a right that a prize, a task or an operator gave. A purchase, a spin and a claim use one up, a task does not',
    level: 'the lowest level: the higher of that of the token and the earned one counts',
    reservation: 'a [reservation](#reservation) of this sale or draw, for the session or for all; it is not used up',
    ticket: 'true: each request needs a [ticket](../tickets.md) for itself. A later version may begin or end it'
  },
  sale: {
    sku: 'the number of the article in your systems',
    supplier,
    listPrice: 'the price before the discount, shown on pages; higher than `price`',
    price: 'the price of one unit, in minor units. 0 needs `"free": true` beside it',
    free: 'confirms that a price of 0 is meant',
    currency: 'ISO 4217, three letters',
    unitsPerUser: 'how many units of this sale one user may buy; no limit where absent',
    levelDiscount: "whether the `discountPercent` of a buyer's level applies",
    payWithinSeconds:
      'an order that is not paid within this time expires and gives its units back; orders never expire where absent',
    shipWithin: 'by when orders are shipped: see [shipWithin](#shipwithin)',
    sessions: 'its sessions one by one, which must not overlap. Either these or `daily`',
    daily:
      'sessions that come again each local day: one for each day on which the whole session lies inside the campaign'
  },
  session: {
    id: 'its name; unique in its sale',
    opensAt: 'inside the campaign',
    closesAt: 'after `opensAt`, inside the campaign',
    stock: 'how many units there are',
    unitsPerUser: 'how many units of this session one user may buy'
  },
  daily: {
    from: 'when it opens, in the time zone of the campaign. The session gets the id `YYYYMMDD-HHMM`',
    to: 'when it closes; a time before `from` is on the next day. It must differ from `from`',
    stock: 'how many units there are each day',
    unitsPerUser: 'how many units of one day one user may buy',
    on: 'on which days: `workdays` are the business days of the [calendar](#calendar), `holidays` all others, weekends among them; `every` where absent. The day on which it opens counts. One entry for workdays and one for holidays may have the same hours'
  },
  shipWithin: {
    businessDays:
      'days that are neither weekend nor holiday, or that are worked, by the [calendar](#calendar); Monday to Friday without one',
    from: '`campaignEnd`: counted from the last day of the campaign; `acceptance`: from the day of the order. `shipBy` is the end of the last of these days'
  },
  draw: {
    ...window,
    cost: 'what a spin costs. Either this or `chances`; with neither a spin is free',
    chances: 'a spin takes one chance: see [chances](#chances)',
    limits: 'see [limits of a draw](#limits-of-a-draw)',
    fallback:
      'the prize that is given when the picked one cannot be. It must have no quota, pool, `minSpins`, `guaranteedAfter` or `release`',
    prizes: 'see [prizes](#prizes)',
    weightsByLevel: 'other weights for users from a level on; the highest level that a user has reached counts'
  },
  chances: {
    daily: 'how many everybody has each local day; these are spent first',
    extraPerDay:
      'how many tasks and prizes may add a day; no limit where absent. Grants of operators are not limited by it'
  },
  'limits of a draw': {
    perDay: 'how many spins a user has in a local day',
    perCampaign: 'how many spins a user has in all',
    winsPerCampaign:
      'how many wins a user may have; a prize of type `nothing` is no win. After that each spin gives the fallback',
    winsPerTier: 'the same for the prizes of one tier'
  },
  prize: {
    id: 'its name; unique in its draw',
    tier: '1 is the best. `winsPerTier` and `guaranteedAfter` go by it',
    title: 'what pages show',
    type: 'what it is and how the winner gets it: see below',
    quota: 'how many there are; null where they never run out',
    weight: 'it is picked with this weight divided by the sum of all weights; 0 is never picked',
    value:
      'what it is worth, in minor units or points, for pages and reports. Where `reward` is absent, also what a prize of type `points` or `chances` credits',
    minSpins: 'how many spins a user must have had before they can win it',
    guaranteedAfter:
      'after this many losing spins of a user, the next spin gives this prize. Counted since their last win of it or of a better tier; wins of lesser tiers neither count nor start the count again',
    release:
      '`even`: they become available evenly over the window of the draw, unit i of n at (i - 1/2)/n of it; `atOnce` (also where absent): all from the opening on',
    claimWithinDays: 'how many days the winner has to claim it; no end where absent',
    reward: 'what it credits at once; only for the types `points`, `chances`, `eligibility` and `doubler`',
    subPrizes: 'one of these is drawn when the prize is won; only for prizes without a quota',
    pool: 'the pool that its codes come from; only for the types `coupon`, `e-card` and `membership`',
    supplier,
    instructions: 'how to use it, instead of those of the draw; shown to its winner alone',
    display: 'how pages show it; it changes nothing else'
  },
  subPrize: {
    id: 'its name; unique in its prize',
    title: 'what pages show',
    weight: 'it is drawn with this weight divided by the sum of those of all sub-prizes; 1 where absent',
    reward: 'what it credits instead of the reward of the prize; only for prizes that credit something'
  },
  display: {
    image: 'the address of a picture',
    color: 'the colour of its part of the wheel',
    order: 'its place on the wheel'
  },
  weightsByLevel: {
    level: 'the lowest level that these weights are for',
    weights: 'weights by prize; a prize that is not named keeps its own'
  },
  reward: {
    chances: 'chances by draw; at most `extraPerDay` of that draw',
    entitlement: 'a right that an activity may ask for by `requires`',
    doubler: 'see [doubler](#doubler)',
    prize: 'a prize that becomes a win of the user: see [prize of a reward](#prize-of-a-reward)'
  },
  'prize of a reward': {
    id: 'its name; unique in its activity, and not `all`',
    title: 'what pages show',
    type: 'what it is and how the winner gets it',
    value: 'what it is worth, in minor units, for pages and reports',
    quota: 'how many there are, which a PATCH with `prize` and `addStock` changes; they never run out where absent',
    pool: 'the pool that its codes come from; only for the types `coupon`, `e-card` and `membership`',
    claimWithinDays: 'how many days the winner has to claim it; no end where absent',
    supplier,
    instructions: 'how to use it, instead of those of its activity; shown to its winner alone'
  },
  doubler: {
    factor: 'what later tasks give is multiplied by this',
    hours: 'how long it holds',
    activities: 'the tasks that it multiplies; all tasks where absent'
  },
  task: {
    ...window,
    per: 'whether it can be done once a local day, or once in the campaign',
    goal: 'the task completes by itself when a counter is reached, and users cannot complete it',
    after: 'tasks that have to be done first; they must not form a circle',
    tier: 'a word for pages; it changes nothing else',
    reward: 'see [reward](#reward)',
    streak: 'extra rewards for days in a row; only for tasks per day',
    streakOn:
      'of which days a row is made: of all (`every`, also where absent), or of business days by the [calendar](#calendar) (`workdays`). A day off between two workdays does not break their row; when it is done it gives its reward, and does not lengthen the row'
  },
  goal: {
    counter: 'a name for what is counted, shown to users. Reports name the task, not the counter',
    of: 'what of a counter of our own counts: how often (where absent), how many units, or how much money in minor units',
    activity: 'the only activity that counts, for a counter of our own; all of the campaign where absent',
    count: 'the number at which the task completes'
  },
  streak: {
    days: 'how many days in a row this step needs; after the longest step the count starts again from 1',
    reward: 'what that day gives in addition to the reward of the task'
  },
  game: {
    ...window,
    attemptsPerDay: 'how many results of one user count in a local day, whatever their outcome; no limit where absent',
    outcomes: 'outcomes that may be reported, with their [reward](#reward); `{}` where one gives nothing',
    onShared: 'what sharing a result gives, once a local day and to users who have one: see [reward](#reward)'
  },
  ...surveyWords(window),
  redemption: {
    ...window,
    cost: 'what one unit costs',
    stock: 'how many units there are',
    unitsPerUser: 'how many units one user may claim',
    pool: 'the pool that its codes come from; the answer to a claim holds a code for each unit',
    supplier
  },
  reservation: {
    of: 'the sale or draw whose sessions users reserve',
    remindMinutes:
      'how long before a session opens they are reminded, by the event `reminder.due`; who reserves later than that, at once',
    until:
      'nothing can be reserved from this time on; the close of the campaign where absent. A session cannot be reserved once it has opened either',
    perUser: 'how many reservations one user may make; no limit where absent, beside once for each session'
  },
  board: {
    metric:
      '`points` that activities of the campaign gave, without what was spent, granted or imported and without what boards give; `units` that were paid, less those that came back; `amount`: their price, in a campaign with one currency; `invites` that qualified, less those that were voided; `shares` that were verified, less those that were voided; `assists` of the user’s shares, less those that were voided, by themselves or with their share',
    activity: 'the only activity that counts; all of the campaign where absent',
    period:
      'what is counted by itself: the campaign, each local day, or each week from Monday on; the campaign where absent',
    top: 'what ranks get once the order is final; see below'
  },
  top: {
    upTo: 'the last rank that the row is for; of several rows that fit, the first counts',
    reward: 'see [reward](#reward); a doubler never multiplies it',
    title: 'what the user is called in `titles` of `GET .../me`'
  },
  invite: {
    ...window,
    link: 'where an invitation leads; without it users get only the code',
    newUsers: 'only users who registered since the campaign opened can accept; false where absent',
    qualifiesOn:
      'what an invitee has to do: register, do the task, take part in the activity, pay for an order of the sale',
    inviter: 'what the inviter gets; see [side](#side)',
    invitee: 'what the invitee gets; see [side](#side)',
    perInviter: 'how often an inviter is rewarded; beyond it invitations count and invitees are rewarded'
  },
  side: {
    on: 'when: once the acceptance was found to close no circle, or once the invitee qualified',
    reward: 'see [reward](#reward)'
  },
  perInviter: { day: 'on one local day of the decision that qualified', campaign: 'in the whole campaign' },
  ...shareWords(window),
  ...kindWords
}
