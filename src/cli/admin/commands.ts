import { type AdminCommand, inCampaign, of, page, text, value } from './command.ts'
import { bulk, job, order, reward, win } from './order-commands.ts'

const step = (name: string, verb: string, says: string) => ({
  name: verb,
  says,
  args: '<campaign> <version>',
  route: `POST /campaigns/{campaign}/${name}`
})

/** A step that a second person takes. */
const review = (name: string, verb: string, says: string) => ({ ...step(name, verb, says), isReview: true as const })

const flag = (name: string, verb: string, says: string) => ({
  name: verb,
  says,
  args: '<campaign>',
  route: `POST /campaigns/{campaign}/${name}`
})

const notice = value(
  '--notice <json>',
  'what visitors are told, such as {"en":"Back at 22:00","zh-CN":"22:00 恢复"}; null: nothing more'
)

const adjustment = [
  value('--add-stock <n>', 'units to add; a negative number takes what is left'),
  text('--session <id>', 'the session whose stock or end is meant'),
  text('--prize <id>', 'the prize whose quota is meant'),
  text('--closes-at <time>', 'another end, such as 2026-11-12T00:00:00+08:00'),
  value('--price <n>', 'minor units'),
  value('--list-price <n>', 'minor units, above the price; null takes it away'),
  value('--free <bool>', 'true beside a price of 0'),
  value('--limits <json>', 'such as {"unitsPerUser":2}'),
  value('--weights <json>', 'such as {"first":2}'),
  value('--paused <bool>', 'halt this activity alone, or go on'),
  value('--admission <json>', 'of the campaign: {"ratePerSecond":20000,"burst":40000}')
]

const campaign = of('campaign', [
  { name: 'list', says: 'all campaigns with their states', args: '', route: 'GET /campaigns', options: page },
  { name: 'show', says: 'a campaign as it stands', args: '<campaign>', route: 'GET /campaigns/{campaign}' },
  {
    name: 'check',
    says: 'check a definition (JSON), and save nothing',
    args: '<file>',
    route: 'PUT /campaigns/{id}?dryRun=true',
    file: 'definition'
  },
  {
    name: 'save',
    says: 'save a definition (JSON) as a new version',
    args: '<file>',
    route: 'PUT /campaigns/{id}',
    file: 'definition'
  },
  step('submission', 'submit', 'submit the newest version for review'),
  review(
    'approval',
    'approve',
    'approve the version that you read; whoever wrote a version since the last approved one cannot'
  ),
  review('rejection', 'reject', 'make it a draft again'),
  review('publication', 'publish', 'publish it: preload, verify, open on schedule'),
  {
    ...flag('pause', 'pause', 'pause a published campaign, within a second'),
    args: '[campaign]',
    options: [notice],
    all: 'pause every campaign that is open now'
  },
  { ...flag('notice', 'notice', 'tell visitors something, without a pause'), options: [notice] },
  flag('resumption', 'resume', 'go on with a paused campaign; its notice goes'),
  flag('end', 'end', 'end a campaign for good'),
  flag('settlement', 'settle', 'settle a campaign that has ended'),
  {
    name: 'adjust',
    says: 'change what is in force, of an activity or of the campaign itself',
    args: '<campaign> [activity]',
    route: 'PATCH /campaigns/{campaign}[/activities/{activity}]',
    options: adjustment
  },
  {
    name: 'preview',
    says: 'what such a change would do, and whether it can be taken back; nothing is done',
    args: '<campaign> [activity]',
    route: 'PATCH /campaigns/{campaign}[/activities/{activity}]?dryRun=true',
    options: adjustment
  },
  {
    name: 'grant',
    says: 'grants of a file: user,unit,amount,reference',
    args: '<campaign> <file>',
    route: 'POST /campaigns/{campaign}/grants',
    file: 'lines'
  }
])

const pool = of('pool', [
  {
    name: 'load',
    says: 'load codes from a file, one a line; codes that are there already are skipped',
    args: '<campaign> <pool> <file>',
    route: 'POST /campaigns/{campaign}/pools/{pool}/codes',
    file: 'lines'
  },
  {
    name: 'show',
    says: 'codes loaded, given and left',
    args: '<campaign> <pool>',
    route: 'GET /campaigns/{campaign}/pools/{pool}'
  }
])

const exclusion = [
  inCampaign,
  value('--revoke-wins <bool>', 'take the wins back too'),
  value('--return-quota <bool>', "whether they can be won again (what the campaign's policy says)"),
  value('--revoke-rewards <bool>', 'take back rewards and what the campaign gave'),
  value('--cancel-orders <bool>', 'cancel orders that are not shipped')
]

const user = of('user', [
  {
    name: 'find',
    says: 'find the owner of an order, win, claim or code by its id, or a user',
    args: '<q>',
    route: 'GET /search'
  },
  {
    name: 'timeline',
    says: 'everything that was decided about a user, newest first',
    args: '<user>',
    route: 'GET /users/{user}/timeline',
    options: [inCampaign, ...page]
  },
  {
    name: 'dry-run',
    says: 'what would come of a request of a user now, and why; nothing is done',
    args: '<user>',
    route: 'POST /users/{user}/dry-run',
    options: [
      inCampaign,
      text('--activity <activity>', 'the activity in which the user would take part'),
      text('--command <command>', 'buy, spin, complete and so on: where there is more than one thing to do')
    ]
  },
  {
    name: 'grant',
    says: 'give points, chances or an entitlement, or take them back',
    args: '<user>',
    route: 'POST /users/{user}/grants',
    options: [
      inCampaign,
      text('--unit <unit>', 'points, chances:<draw>, entitlement:<name>'),
      value('--amount <n>', 'how much; a negative number takes what is left')
    ]
  },
  {
    name: 'check',
    says: 'what an exclusion would revoke; nothing is done',
    args: '<user>',
    route: 'POST /users/{user}/disqualification?dryRun=true',
    options: exclusion
  },
  {
    name: 'disqualify',
    says: 'exclude a user from a campaign',
    args: '<user>',
    route: 'POST /users/{user}/disqualification',
    options: exclusion
  },
  {
    name: 'requalify',
    says: 'let an excluded user in again; wins that were revoked stay revoked',
    args: '<user>',
    route: 'DELETE /users/{user}/disqualification',
    options: [inCampaign]
  }
])

const units = of('units', [
  {
    name: 'import',
    says: 'opening balances of a file: user,amount,reference',
    args: '<unit> <file>',
    route: 'POST /units/{unit}/imports',
    file: 'lines'
  }
])

const calendar = of('calendar', [
  {
    name: 'save',
    says: 'save the holidays and worked weekend days of a file (JSON); published campaigns keep their copy',
    args: '<calendar> <file>',
    route: 'PUT /calendars/{calendar}',
    file: 'document'
  },
  { name: 'show', says: 'a calendar as it stands', args: '<calendar>', route: 'GET /calendars/{calendar}' }
])

/** Every action of the admin API as a command. What has no row here is not there yet. */
export const adminCommands: readonly AdminCommand[] = [
  ...campaign,
  ...order,
  ...bulk,
  ...job,
  ...reward,
  ...win,
  ...pool,
  ...user,
  ...units,
  ...calendar
]

export const groupTexts: Readonly<Record<string, string>> = {
  campaign: 'campaigns, their review and their changes, through the admin API',
  reward: 'rewards that wait for somebody, through the admin API',
  job: 'work in bulk that the worker does, through the admin API',
  order: 'orders, through the admin API',
  win: 'wins, through the admin API',
  pool: 'pools of unique codes, through the admin API',
  user: 'what operators do about one user, through the admin API',
  units: 'units of accounts, through the admin API',
  calendar: 'calendars of holidays, through the admin API'
}
