/**
 * Names of fields in a user's hash `u:<user>` that other folders read or write. lua/ builds the same names; `<c>` is a
 * campaign, `<a>` an activity, `<day>` the number of a local day (days since 1970 on the campaign's calendar).
 */
export const userField = {
  /** balance of a unit; account units live over all campaigns: scope '' */
  balance: (unit: string, scope: string) => (scope === '' ? `b:${unit}` : `b:${scope}/${unit}`),
  /** extra chances of a draw, a balance; daily ones are derived from the times of the day */
  chances: (campaign: string, draw: string) => `ch:${campaign}/${draw}`,
  /** extra chances credited on a local day */
  chancesCredited: (campaign: string, draw: string, day: number) => `cx:${campaign}/${draw}@${day}`,
  /** `<day>;<chances carried over>` where unused daily chances are kept */
  chancesKept: (campaign: string, draw: string) => `dk:${campaign}/${draw}`,
  /** units bought in a campaign; exists, as 0 too, for whoever took part */
  participation: (campaign: string) => `n:${campaign}`,
  /** times or units of an activity (or of an action of it, `<a>:<action>`), over the campaign or on one local day */
  times: (campaign: string, activity: string, day?: number) =>
    day === undefined ? `n:${campaign}/${activity}` : `n:${campaign}/${activity}@${day}`,
  /** `<epoch>-<batch>` of the decision about a thing, where this is done once a thing; `place` is `<a>`, or `<a>:<action>` */
  once: (campaign: string, place: string, about: string) => `1:${campaign}/${place}:${about}`,
  /** wins of a draw, which are prizes worth something, all or those of a tier */
  wins: (campaign: string, draw: string, tier?: number) =>
    tier === undefined ? `wn:${campaign}/${draw}` : `wn:${campaign}/${draw}/${tier}`,
  /** wins of prizes that rewards of a campaign held; no cap counts them */
  heldWins: (campaign: string) => `wn:${campaign}`,
  /** `<day>;<length>;<epoch>-<batch>` */
  streak: (campaign: string, task: string) => `st:${campaign}/${task}`,
  /** `<epoch>-<batch>` of the latest completion */
  completed: (campaign: string, task: string) => `t:${campaign}/${task}`,
  /** cards, `<until ms>;<factor>;<activities a+b>;<epoch>-<batch>;<sequence>` joined by commas, the oldest first */
  doubler: (campaign: string) => `db:${campaign}`,
  /** `<losing spins>;<epoch>-<batch>[,<tier>:<prize>:<losing spins>]...` where a prize looks at them */
  losses: (campaign: string, draw: string) => `ls:${campaign}/${draw}`,
  /** `<epoch>-<batch>;<sequence>;<digits>;<number before>;<picked prize>;<level>;<chances left>` until its prize is known, then '' */
  drawn: (campaign: string, draw: string) => `sd:${campaign}/${draw}`,
  /** `<epoch>-<batch>;<id of its decision>;<replay field>`: the user's own invitation code */
  inviteCode: (campaign: string, activity: string) => `ic:${campaign}/${activity}`,
  /** `<epoch>-<batch>;<at>;<inviter>,<code>,<registered>`: who invited the user */
  invitedBy: (campaign: string, activity: string) => `ib:${campaign}/${activity}`,
  entitlement: (campaign: string, name: string) => `e:${campaign}/${name}`,
  /** `<count>;<epoch>-<batch>`: used rights of revoked wins, which an order that is undone does not give back */
  entitlementOwed: (campaign: string, name: string) => `eo:${campaign}/${name}`,
  /**
   * `<left>;<counted>;<epoch>-<sequence>;<epoch>-<batch>`: what of a campaign's gifts up to a decision has expired and is not counted as taken
   * back, and what of it adjustments have counted so
   */
  expired: (campaign: string, unit: string) => `xp:${campaign}/${unit}`,
  /** the level that was earned, in a campaign or for the account ('') */
  level: (scope: string) => `lv:${scope}`,
  disqualified: (campaign: string) => `dq:${campaign}`,
  /** `<shown|hidden>;<version>`: what moderation said last of a comment of the user */
  visibility: (comment: string) => `v:${comment}`,
  /** the record of an order or a win, by its `<epoch>-<sequence>` */
  order: (entity: string) => `o:${entity}`,
  win: (entity: string) => `w:${entity}`,
  /** `<state>;<nth>`: how far a claimed win is handed over */
  fulfilment: (campaign: string, entity: string) => `wf:${campaign}/${entity}`,
  /** how many decisions the user has, less those that are forgotten, as far as these fill the ring (`isRing`) */
  decisions: 'd',
  /** how many decisions that `d` counts are forgotten */
  forgotten: 'f'
} as const

/**
 * Whether a field is of the ring by which the newest decisions are found (lua/lib/frame.lua). It names what this opening decided,
 * so no fold of decisions has it.
 */
export function isRing(field: string): boolean {
  return field.startsWith('q:')
}

/** As in lua/lib/frame.lua. */
export const RING = 256

/** The field of the ring that names the nth decision of a user. */
export const ringField = (nth: number): string => `q:${nth % RING}`

/** A balance as the ledger names it: `points` and the like, or `chances:<draw>`; scope '' is the account. */
interface Balance {
  readonly unit: string
  /** campaign that the balance belongs to, '' when it lives over all campaigns */
  readonly scope: string
}

/** Units that reports, ledger and answers put together: chances of a draw, a right to buy or to draw, a card that multiplies. */
export const unitName = {
  chances: (draw: string) => `chances:${draw}`,
  entitlement: (name: string) => `entitlement:${name}`,
  doubler: 'doubler'
} as const

/** What a unit is of. */
type UnitParts =
  | { readonly kind: 'chances'; readonly draw: string }
  | { readonly kind: 'entitlement'; readonly name: string }
  | { readonly kind: 'doubler' }
  | { readonly kind: 'amount' }

const CHANCES_OF = unitName.chances('')
const ENTITLEMENT_TO = unitName.entitlement('')

/** Takes the name of a unit apart; `points` and the like are amounts. */
export function unitParts(unit: string): UnitParts {
  if (unit.startsWith(CHANCES_OF)) return { kind: 'chances', draw: unit.slice(CHANCES_OF.length) }
  if (unit.startsWith(ENTITLEMENT_TO)) return { kind: 'entitlement', name: unit.slice(ENTITLEMENT_TO.length) }
  return { kind: unit === unitName.doubler ? 'doubler' : 'amount' }
}

const BALANCE = /^b:(?:([^/]+)\/)?([^/]+)$/
const CHANCES = /^ch:([^/]+)\/([^/]+)$/
const ENTITLEMENT = /^e:([^/]+)\/(.+)$/

/** The balance that a field of a user's hash holds; undefined for every other field. */
export function balanceOf(field: string): Balance | undefined {
  const unit = BALANCE.exec(field)
  if (unit) return { unit: unit[2] ?? '', scope: unit[1] ?? '' }
  const chances = CHANCES.exec(field)
  return chances ? { unit: unitName.chances(chances[2] ?? ''), scope: chances[1] ?? '' } : undefined
}

/** As balanceOf, of entitlements too: whatever a reward credits to a number of the user. */
export function creditOf(field: string): Balance | undefined {
  const right = ENTITLEMENT.exec(field)
  return right ? { unit: unitName.entitlement(right[2] ?? ''), scope: right[1] ?? '' } : balanceOf(field)
}

/** The field of a user's hash that holds a balance: the other way round. */
export function balanceField({ unit, scope }: Balance): string {
  const parts = unitParts(unit)
  return parts.kind === 'chances' ? userField.chances(scope, parts.draw) : userField.balance(unit, scope)
}

/** The counter of what was credited of a balance on a local day, against its cap. */
export function creditedField(field: string, day: number): string {
  return `cx${field.slice(2)}@${day}`
}

/** Whether a field is a counter that spins of a draw move or are measured by; those of sales and other draws are not. */
export function drawCounters(campaign: string, draw: string): (field: string) => boolean {
  const times = `${userField.participation(campaign)}$|${userField.times(campaign, draw)}(?:@|$)`
  const counters = new RegExp(`^(?:${times}|${userField.wins(campaign, draw)}(?:/|$)|cx:)`)
  return (field) => counters.test(field)
}
