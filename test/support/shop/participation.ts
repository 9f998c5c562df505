import type { Kind } from '../../../src/base/kinds.ts'
import type { AdjustCommand, ParticipateCommand, WinCommand } from '../../../src/gate/batch/commands.ts'
import { SYSTEM_USER } from '../../../src/gate/batch/commands.ts'
import { middayZone } from '../midday.ts'
import { openCampaign, packedSession } from './core.ts'
import type { Shop } from './shop.ts'

const HOUR = 3_600_000

type Entries = Readonly<Record<string, string>>

export interface ActivitySpec {
  readonly campaign: string
  readonly activity: string
  readonly kind: Exclude<Kind, 'sale'>
  readonly rules?: Entries
  readonly campaignRules?: Entries
  /** field of the stock without `:remaining` -> units: prizes of a draw, `all` of a redemption */
  readonly stock?: Readonly<Record<string, number>>
  /** codes in a pool, which the rules name */
  readonly codes?: number
}

/** A draw `wheel` that gives one prize, whatever is picked. @param prize as the rules say it to the gate */
export function sureDraw(prize: string, more: Partial<ActivitySpec> = {}): ActivitySpec {
  return {
    campaign: 'c',
    activity: 'wheel',
    kind: 'draw',
    ...more,
    rules: {
      prizes: 'prize,thanks',
      weights: '0:1,0',
      fallback: 'thanks',
      'prize:prize': prize,
      'prize:thanks': '9;nothing;0;0;0;0;0;;',
      ...more.rules
    }
  }
}

/** A draw `wheel` for 10 points: a first prize to claim, 50 points, or nothing, each as often as the others. */
export function pointsWheel(first: number, rules: Entries = {}): ActivitySpec {
  return {
    campaign: 'c',
    activity: 'wheel',
    kind: 'draw',
    rules: {
      cost_unit: 'points',
      cost_field: 'b:points',
      cost: '10',
      prizes: 'first,points,thanks',
      weights: '0:1,1,1',
      fallback: 'thanks',
      'prize:first': '1;physical;1;0;0;86400000;399900;;',
      'prize:points': '2;points;0;0;0;0;50;points b:points 50 0 0;',
      'prize:thanks': '9;nothing;0;0;0;0;0;;',
      ...rules
    },
    stock: { first }
  }
}

/** The command that opens an activity now, rules by hand as src/campaign compiles them. */
export function openActivity(spec: ActivitySpec): AdjustCommand {
  const { campaign, activity, kind } = spec
  const now = Date.now()
  const campaignRules = {
    ...openCampaign(now),
    zone: middayZone,
    ...spec.campaignRules
  }
  const rules = {
    kind,
    units_per_user: '0',
    paused: '0',
    entitlement: '',
    level: '0',
    sessions: packedSession({ opensAt: now - HOUR, closesAt: now + HOUR, id: 'all' }),
    ...spec.rules
  }
  const stock = Object.entries(spec.stock ?? {})
  const codes = spec.codes === undefined ? [] : [[`s:${campaign}:pool/${spec.rules?.pool}`, spec.codes] as const]
  return {
    op: 'adjust',
    type: 'campaign.published',
    user: SYSTEM_USER,
    key: `x:adj:${campaign}/${activity}`,
    hash: 'preload',
    campaign,
    activity,
    puts: [
      ...Object.entries(campaignRules).map(([field, value]) => [`c:${campaign}`, field, value] as const),
      ...Object.entries(rules).map(([field, value]) => [`a:${campaign}:${activity}`, field, value] as const)
    ],
    adds: [
      ...stock.map(([name, units]) => [`s:${campaign}:${activity}`, `${name}:remaining`, units] as const),
      ...codes.map(([key, units]) => [key, 'codes:remaining', units] as const)
    ],
    request: '{}'
  }
}

/** Take part once; the key is one for each user unless said. */
export function takePart(
  spec: Pick<ActivitySpec, 'campaign' | 'activity'>,
  user: string,
  more: Partial<ParticipateCommand> = {}
): ParticipateCommand {
  return {
    op: 'participate',
    user,
    key: `u:key-of-${user}`,
    hash: `h${more.quantity ?? 1}`,
    campaign: spec.campaign,
    activity: spec.activity,
    quantity: 1,
    level: 0,
    by: 'user',
    random: '',
    pool: '',
    request: '{}',
    ...more
  }
}

export function changeWin(
  spec: Pick<ActivitySpec, 'campaign' | 'activity'>,
  change: WinCommand['change'],
  wanted: Partial<WinCommand> & { readonly user: string; readonly win: string }
): WinCommand {
  return {
    op: 'win',
    change,
    key: `x:${change}:${wanted.win}`,
    hash: change,
    campaign: spec.campaign,
    activity: spec.activity,
    by: change === 'claim' ? 'user' : 'operator',
    returnQuota: true,
    request: '{}',
    ...wanted
  }
}

/** Credits (or with a negative amount takes) a number of a user's hash, as grants and imports do. */
export function credit(user: string, field: string, amount: number): AdjustCommand {
  return {
    op: 'adjust',
    type: 'balance.credited',
    user,
    key: `x:grant:${field}:${amount}`,
    hash: 'credit',
    campaign: 'c',
    activity: '',
    puts: [],
    adds: [[`u:${user}`, field, amount]],
    request: '{}'
  }
}

/** Moves the time of every shard, which never goes back; it stands still there until the real clock has come as far. */
export async function setClock({ shards }: Pick<Shop, 'shards'>, ms: number): Promise<void> {
  for (const { redis, prefix } of shards) await redis.hset(`${prefix}shard`, 'clock', String(ms))
}
