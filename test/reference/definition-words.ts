import type { Policies } from '../../src/campaign/definition/rules.ts'

/** What each policy means, where it is worth saying by value. */
export const policyWords: Readonly<Record<keyof Policies, string>> = {
  releasedOrderReturnsLimit:
    'whether an order that is cancelled, expires or comes back gives the buyer the limit back (and, but for a return, the entitlement)',
  revokedWinReturnsQuota: 'whether a win that is revoked can be won by somebody else; a revocation may say otherwise',
  unusedDailyChances: '`expire`: unused daily chances end at midnight; `keep`: they stay, those of 30 days at most',
  sessionRollover: '`none`: what a session did not sell is not sold by the next one',
  returnRestocks: 'whether a unit that comes back after it was shipped is for sale again',
  clawback: '`toZero`: what is taken back and was spent already takes the balance to zero; what was missing is told',
  cancellable:
    '`never`, `unpaid`: before they pay, `unshipped`: also after that. For buyers; operators may cancel all the same',
  grantCap:
    'the most that operators may grant to one user in this campaign, by unit; `chances` and `entitlement` cap those of all draws and names'
}

const window = {
  opensAt: 'its own opening, inside the campaign; that of the campaign where absent',
  closesAt: 'its own close; that of the campaign where absent'
}

/** What each field means. Each table is one object of a definition; a field that is missing here is an error. */
export const fieldWords: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  campaign: {
    $schema: 'for editors; nothing reads it',
    id: 'its name in paths, events and reports',
    title: 'what pages show',
    description: 'what pages show below it',
    timezone: 'the IANA zone whose midnight ends a day: daily sessions, limits per day, chances, streaks, ship-by',
    opensAt: 'before this everything is `NOT_STARTED`; from the year 2000 on',
    closesAt: 'from then on everything is `ENDED`',
    admission: 'how many decisions a second the whole campaign takes, beyond which they are 429; no limit where absent',
    limits: 'over all its sales: see [limits](#limits)',
    units: 'units beside `points`, or `points` of this campaign alone: see [units](#units)',
    policies: 'what comes back when: see [policies](#policies)',
    levels: 'not built yet: refused by name. Levels come with [tokens](tokens.md)',
    activities: 'what can be done in it'
  },
  admission: {
    ratePerSecond: 'decisions that are let in each second',
    burst: 'how many may come at once before the rate counts'
  },
  limits: {
    unitsPerUser:
      'units of all sales together that one user may buy; what is cancelled or expires comes back by `releasedOrderReturnsLimit`'
  },
  units: {
    scope:
      '`account`: the balance lives over all campaigns; `campaign`: it ends with this one. `points` is of the account where it is not declared'
  },
  activity: {
    id: 'its name in paths, events and reports; unique in its campaign, for ever',
    title: 'what pages show; the id where it is absent. A sale needs one',
    description: 'what pages show below it',
    category: 'for the page to group by; means nothing to the gate',
    sort: 'place on the page, the smallest first; 0 where absent',
    visibleFrom: 'before this it is on no page and cannot be used: `NOT_FOUND`',
    requires: 'who may take part: see [requires](#requires)',
    kind: 'which kind it is, and with it which of the tables below counts'
  },
  requires: {
    entitlement: 'a right that a prize, a task or an operator gave; a purchase takes one, the others only look',
    level: 'the lowest `level` of the token'
  },
  sale: {
    sku: 'for your systems',
    listPrice: 'a price to compare with, above the price',
    price: 'of one unit, in minor units. 0 wants `"free": true` beside it',
    free: 'says that a price of 0 is meant',
    currency: 'ISO 4217, three letters',
    unitsPerUser: 'units of this sale that one user may hold; no limit of its own where absent',
    payWithinSeconds:
      'an order that is not paid by then expires and gives its units back; it never expires where absent',
    shipWithin: 'what is promised: see [shipWithin](#shipwithin)',
    sessions: 'when and how many, one by one. Either these or `daily`; they must not overlap',
    daily: 'when and how many, each local day: one session for each day on which all of it lies in the campaign'
  },
  session: {
    id: 'its name; unique in its sale',
    opensAt: 'inside the campaign',
    closesAt: 'after `opensAt`, inside the campaign',
    stock: 'units',
    unitsPerUser: 'of this session, for one user'
  },
  daily: {
    from: 'by the wall clock of the campaign. The session is called `YYYYMMDD-HHMM`',
    to: 'the end; not after `from` means the next day. It must differ from `from`',
    stock: 'units, each day',
    unitsPerUser: 'of each day, for one user'
  },
  shipWithin: {
    businessDays: 'Monday to Friday; public holidays are not known',
    from: '`campaignEnd`: from its last day; `acceptance`: from the day of the order. `shipBy` is the end of the last of them'
  },
  draw: {
    ...window,
    cost: 'what a spin takes. Either this or `chances`, or neither: then a spin is free',
    chances: 'a spin takes one: see [chances](#chances)',
    limits: 'see [limits of a draw](#limits-of-a-draw)',
    fallback:
      'the prize that is left when what was picked cannot be won: without quota, pool, `minSpins`, `guaranteedAfter`, `release`',
    prizes: 'see [prizes](#prizes)',
    weightsByLevel: 'other weights for users of a level and above; the highest level that they have reached counts'
  },
  chances: {
    daily: 'for everybody, each local day, spent first',
    extraPerDay: 'the most that tasks and prizes add a day; no bound where absent. Grants of operators are not cut'
  },
  'limits of a draw': {
    perDay: 'spins of a user in a local day',
    perCampaign: 'spins of a user',
    winsPerCampaign: 'wins of a user; a prize of type `nothing` is none. After that only the fallback comes',
    winsPerTier: 'the same for prizes of a tier'
  },
  prize: {
    id: 'its name; unique in its draw',
    tier: '1 is the best; for limits and promises',
    title: 'what pages show',
    type: 'what it is, and what becomes of it: see below',
    quota: 'how many there are; null for no end',
    weight: 'its part of the sum of all weights; 0 is never picked',
    value:
      'minor units, or points; for books and pages. What `points` and `chances` credit where `reward` says nothing',
    minSpins: 'a user wins it only after so many spins before',
    guaranteedAfter:
      'promised after so many losing spins of a user since their last win of it or of a better tier; wins of lesser tiers neither count nor reset',
    release: '`even`: unit i of n can be won from (i - 1/2)/n of the window on; `atOnce` where absent',
    claimWithinDays: 'the winner has to claim it by then; for ever where absent',
    reward: 'what it credits at once; for `points`, `chances`, `eligibility` and `doubler` only',
    subPrizes: 'which one of these it is, drawn once more; for prizes without a quota',
    pool: 'where its codes are; for `coupon`, `e-card` and `membership`',
    display: 'for the page; means nothing to the draw'
  },
  subPrize: {
    id: 'its name; unique in its prize',
    title: 'what pages show',
    weight: 'its part; 1 where absent',
    reward: 'instead of what the prize credits; for prizes that credit something'
  },
  display: { image: 'an address', color: 'of its part of the wheel', order: 'its place on the wheel' },
  weightsByLevel: { level: 'from this level on', weights: 'by prize; one that is not named keeps its own' },
  reward: {
    chances: 'by draw; cut at its `extraPerDay`',
    entitlement: 'a right that `requires` asks for',
    doubler: 'see [doubler](#doubler)'
  },
  doubler: {
    factor: 'by which later tasks give more',
    hours: 'how long',
    activities: 'the tasks that it is for; all where absent'
  },
  task: {
    ...window,
    per: 'done once a local day, or once a campaign',
    goal: 'completed by the system when a counter is reached; nobody completes it by hand',
    after: 'tasks that have to be done before; not in a circle',
    tier: 'for the page',
    reward: 'see [reward](#reward)',
    streak: 'more for so many days in a row; for tasks per day'
  },
  goal: { counter: 'a name for what is counted, shown to users; reports name the task', count: 'how much of it' },
  streak: {
    days: 'on the day on which the row is so long; after the longest step the row counts from 1 again',
    reward: 'beside that of the task'
  },
  redemption: {
    ...window,
    cost: 'of one unit of it',
    stock: 'units',
    unitsPerUser: 'for one user',
    pool: 'where its codes are: the answer holds one'
  }
}
