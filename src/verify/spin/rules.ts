import { FloodgateError } from '../../base/errors.ts'
import { EDITION, EVEN } from '../../record/draw.ts'

/** One thing that a prize credits at once. */
export interface SpinGive {
  readonly unit: string
  /** of the user's hash */
  readonly field: string
  readonly amount: number
  /** most of it a local day, 0: no such cap */
  readonly cap: number
  /** a card that multiplies later earnings: how long and for which activities (a+b, '' all) */
  readonly card: { readonly hours: number; readonly activities: string } | undefined
}

export interface SpinSub {
  readonly id: string
  readonly weight: number
  readonly reward: readonly SpinGive[]
}

export interface SpinPrize {
  readonly id: string
  readonly tier: string
  readonly type: string
  readonly limited: boolean
  readonly minSpins: number
  readonly even: boolean
  /** of an evenly released prize: how many all shards have, and how many shards there are */
  readonly whole: { readonly units: number; readonly count: number }
  readonly claimWithinMs: number
  readonly reward: readonly SpinGive[]
  readonly subs: readonly SpinSub[]
  /** of codes, '' where it has none or nobody counts them */
  readonly pool: string
}

/** What a draw's spins follow, read from the values that the journal put into the hashes of campaign and draw. */
export interface SpinRules {
  /** published by a version that read the rules otherwise in part: where it matters, both readings are accepted */
  readonly isOld: boolean
  /** the draw's own window within the campaign's, and the part of both in which spins are decided; ms since 1970 */
  readonly session: { readonly opensAt: number; readonly closesAt: number }
  readonly opensAt: number
  readonly closesAt: number
  /** why nobody can spin, '' when it is open */
  readonly shut: string
  readonly level: number
  readonly entitlement: string
  readonly perDay: number
  readonly perCampaign: number
  readonly cost: { readonly unit: string; readonly field: string; readonly amount: number }
  readonly daily: number
  readonly keep: boolean
  readonly ids: readonly string[]
  readonly fallback: string
  readonly prizes: ReadonlyMap<string, SpinPrize>
  readonly winsMost: number
  readonly tierMost: ReadonlyMap<string, number>
  /** prizes that losing spins promise, the longest wait first */
  readonly guarantee: ReadonlyArray<{ readonly after: number; readonly prize: string }>
  /** whether spins of a user wait for each other, so that what is missing cannot have been theirs */
  readonly memory: boolean
  readonly weightsAt: (level: number) => readonly number[]
  /** number of the local day, days since 1970 */
  readonly dayAt: (ms: number) => number
}

/** The rules in the journal cannot be read. */
export class RulesError extends FloodgateError {
  readonly code = 'draw-rules'
  readonly meaning = 'Spins under these rules cannot be recomputed.'
  readonly remedy = 'Export the journal again, and verify it with the same version of Floodgate.'
}

const SESSION_WIDTH = 65
const ZONE_WIDTH = 18
const DAY_MS = 86_400_000
const PRIZE = /^(\d+);([^;]*);([01]);(\d+);([01]);(\d+);[^;]*;([^;]*);(.*)$/
const GIVE = /^(\S+) (\S+) (\d+) (\d+) [01](?: (\d+) (\S+))?$/

function reward(packed: string): SpinGive[] {
  if (packed === '') return []
  return packed.split(',').map((entry) => {
    const [, unit = '', field = '', amount, cap, hours, names] = GIVE.exec(entry) ?? []
    if (unit === '') throw new RulesError(`${JSON.stringify(entry)} is no reward`)
    const card =
      hours === undefined ? undefined : { hours: Number(hours), activities: names === '-' ? '' : (names ?? '') }
    return { unit, field, amount: Number(amount), cap: Number(cap), card }
  })
}

function subPrizes(packed: string): SpinSub[] {
  if (packed === '') return []
  return packed.split('|').map((entry) => {
    const [id = '', weight, given = ''] = entry.split('~')
    return { id, weight: Number(weight), reward: reward(given) }
  })
}

interface Beside {
  readonly pool: string | undefined
  readonly whole: SpinPrize['whole'] | undefined
}

function prizeOf(id: string, packed: string, { pool = '', whole = { units: 0, count: 1 } }: Beside): SpinPrize {
  const [, tier = '', type = '', limited, minSpins, even, claim, given = '', subs = ''] = PRIZE.exec(packed) ?? []
  if (tier === '') throw new RulesError(`prize:${id} is no prize: ${JSON.stringify(packed)}`)
  return {
    id,
    tier,
    type,
    limited: limited === '1',
    minSpins: Number(minSpins),
    even: even === '1',
    whole,
    claimWithinMs: Number(claim),
    reward: reward(given),
    subs: subPrizes(subs),
    pool
  }
}

/** `[<shards>;]<prize>:<units>,...`, by prize. */
function evenPrizes(packed: string): Map<string, SpinPrize['whole']> {
  const [, shards = '1', prizes = ''] = /^(?:(\d+);)?(.*)$/.exec(packed) ?? []
  return new Map(
    list(prizes).map((entry) => {
      const [id = '', units] = entry.split(':')
      return [id, { units: Number(units), count: Number(shards) }]
    })
  )
}

function weightSets(packed: string, prizes: number): (level: number) => readonly number[] {
  const sets = packed.split(';').map((set) => {
    const [level, weights = ''] = set.split(':')
    return { level: Number(level), weights: weights.split(',').map(Number) }
  })
  for (const { weights } of sets) {
    if (weights.length !== prizes || !weights.every((weight) => weight >= 0)) {
      throw new RulesError(`the weights do not fit the prizes: ${JSON.stringify(packed)}`)
    }
  }
  return (level) => sets.findLast((set) => set.level <= level)?.weights ?? []
}

/** Local days from records of 13 digits of ms, a sign and four digits of minutes. */
function calendar(zone: string): (ms: number) => number {
  const changes = Array.from({ length: zone.length / ZONE_WIDTH }, (_, index) => {
    const record = zone.slice(index * ZONE_WIDTH, (index + 1) * ZONE_WIDTH)
    return { from: Number(record.slice(0, 13)), offsetMs: Number(record.slice(13)) * 60_000 }
  })
  return (ms) => {
    const change = changes.findLast(({ from }) => from <= ms) ?? changes[0]
    return Math.floor((ms + (change?.offsetMs ?? 0)) / DAY_MS)
  }
}

function shutBy(campaign: ReadonlyMap<string, string>, draw: ReadonlyMap<string, string>, session: string): string {
  if (campaign.get('ready') !== '1') return 'the campaign is not published'
  if (campaign.get('ended') === '1') return 'the campaign is ended'
  if (campaign.get('paused') === '1') return 'the campaign is paused'
  if (draw.get('paused') === '1' || session[32] === '1') return 'the draw is paused'
  return ''
}

/** Empty lists are '' in Redis. */
function list(packed: string): string[] {
  return packed === '' ? [] : packed.split(',')
}

/**
 * Reads the rules in force of a draw.
 * @param campaign fields of `c:<campaign>`; @param draw fields of `a:<campaign>:<draw>`
 * @throws RulesError
 */
export function readSpinRules(campaign: ReadonlyMap<string, string>, draw: ReadonlyMap<string, string>): SpinRules {
  const text = (field: string) => draw.get(field) ?? ''
  const number = (field: string) => Number(text(field) || '0')
  const sessions = text('sessions')
  if (text('kind') !== 'draw' || sessions.length !== SESSION_WIDTH) throw new RulesError('these are no rules of a draw')
  const ids = list(text('prizes'))
  const pairs = (field: string) => list(text(field)).map((entry) => entry.split(':') as [string, string])
  const pools = new Map(pairs('pools'))
  const even = evenPrizes(text(EVEN))
  const session = { opensAt: Number(sessions.slice(0, 13)), closesAt: Number(sessions.slice(13, 26)) }
  return {
    isOld: number('edition') < EDITION,
    session,
    opensAt: Math.max(Number(campaign.get('opens_at')), session.opensAt),
    closesAt: Math.min(Number(campaign.get('closes_at')), session.closesAt),
    shut: shutBy(campaign, draw, sessions),
    level: number('level'),
    entitlement: text('entitlement'),
    perDay: number('per_day'),
    perCampaign: number('per_campaign') || number('units_per_user'),
    cost: { unit: text('cost_unit'), field: text('cost_field'), amount: number('cost') },
    daily: number('daily'),
    keep: text('keep') === '1',
    ids,
    fallback: text('fallback'),
    prizes: new Map(
      ids.map((id) => [id, prizeOf(id, text(`prize:${id}`), { pool: pools.get(id), whole: even.get(id) })])
    ),
    winsMost: number('wins_per_campaign'),
    tierMost: new Map(pairs('wins_per_tier').map(([tier, most]) => [tier, Number(most)])),
    guarantee: pairs('guarantee').map(([after, prize]) => ({ after: Number(after), prize })),
    memory: text('memory') === '1',
    weightsAt: weightSets(text('weights'), ids.length),
    dayAt: calendar(campaign.get('zone') ?? '')
  }
}
