import { packZone } from '../../../src/campaign/parts/packed.ts'
import { packedSession } from '../shop/core.ts'
import type { ActivitySpec } from '../shop/participation.ts'

/** What a reward gives, as the text in the rules says it. */
export interface Give {
  readonly unit: string
  readonly field: string
  readonly amount: number
  /** most that all sources together credit a day, 0 = no cap */
  readonly cap: number
  readonly multiplied: boolean
  /** doublers: amount is the factor; activities it is for, none = all */
  readonly hours?: number
  readonly activities?: readonly string[]
}

export interface PrizeSetup {
  readonly id: string
  readonly tier: number
  readonly type: string
  readonly quota: number | null
  readonly minSpins: number
  readonly guaranteedAfter: number
  readonly even: boolean
  readonly claimWithinMs: number
  /** it is won with a code of the campaign's pool `codes` */
  readonly coded?: boolean
  /** by level: 0 and 1 */
  readonly weights: readonly [number, number]
  readonly reward: readonly Give[]
  readonly subs: ReadonlyArray<{ readonly id: string; readonly weight: number; readonly reward: readonly Give[] }>
}

export interface DrawSetup {
  readonly unit: 'points' | 'chances'
  readonly cost: number
  readonly daily: number
  readonly keep: boolean
  readonly perDay: number
  readonly perCampaign: number
  readonly winsPerCampaign: number
  readonly winsOfTierOne: number
  readonly fallback: string
  readonly prizes: readonly PrizeSetup[]
}

export interface TaskSetup {
  readonly id: string
  readonly per: 'day' | 'campaign'
  readonly goal: boolean
  readonly after: readonly string[]
  readonly reward: readonly Give[]
  readonly streak: ReadonlyArray<{ readonly days: number; readonly reward: readonly Give[] }>
}

export interface MallSetup {
  readonly cost: number
  readonly stock: number
  readonly codes: number
  readonly unitsPerUser: number
  readonly entitlement: string
}

export interface FairSetup {
  readonly campaign: string
  readonly zone: ReadonlyArray<{ readonly from: number; readonly minutes: number }>
  readonly opensAt: number
  readonly closesAt: number
  readonly draw: DrawSetup
  readonly tasks: readonly TaskSetup[]
  readonly mall: MallSetup
}

const giveText = ({ unit, field, amount, cap, multiplied, hours, activities = [] }: Give) =>
  [
    unit,
    field,
    amount,
    cap,
    multiplied ? 1 : 0,
    ...(hours === undefined ? [] : [hours, activities.join('+') || '-'])
  ].join(' ')

const rewardText = (reward: readonly Give[]) => reward.map(giveText).join()

function prizeText(prize: PrizeSetup): string {
  const { tier, type, quota, minSpins, even, claimWithinMs, reward, subs } = prize
  const packed = subs.map((sub) => `${sub.id}~${sub.weight}~${rewardText(sub.reward)}`).join('|')
  const limited = quota === null ? 0 : 1
  return [tier, type, limited, minSpins, even ? 1 : 0, claimWithinMs, 0, rewardText(reward), packed].join(';')
}

/** Whether a spin of a draw depends on the spins before it. */
export const hasMemory = ({ prizes }: DrawSetup) =>
  prizes.some((prize) => prize.minSpins > 0 || prize.guaranteedAfter > 0)

/** Guarantees, the one that asks for most losses first. */
export const guaranteesOf = ({ prizes }: DrawSetup) =>
  prizes.filter((prize) => prize.guaranteedAfter > 0).toSorted((a, b) => b.guaranteedAfter - a.guaranteedAfter)

/** The field that a spin is paid from. */
export const costField = ({ campaign, draw }: FairSetup) =>
  draw.unit === 'points' ? 'b:points' : `ch:${campaign}/wheel`

function drawRules(setup: FairSetup): Record<string, string> {
  const { draw } = setup
  const weights = ([0, 1] as const).map(
    (level) => `${level}:${draw.prizes.map((prize) => prize.weights[level]).join()}`
  )
  return {
    edition: '2',
    cost_unit: draw.unit === 'points' ? 'points' : 'chances:wheel',
    cost_field: costField(setup),
    cost: String(draw.cost),
    daily: String(draw.daily),
    keep: draw.keep ? '1' : '0',
    per_day: String(draw.perDay),
    per_campaign: String(draw.perCampaign),
    wins_per_campaign: String(draw.winsPerCampaign),
    wins_per_tier: draw.winsOfTierOne > 0 ? `1:${draw.winsOfTierOne}` : '',
    prizes: draw.prizes.map(({ id }) => id).join(),
    weights: weights.join(';'),
    fallback: draw.fallback,
    guarantee: guaranteesOf(draw)
      .map(({ guaranteedAfter, id }) => `${guaranteedAfter}:${id}`)
      .join(),
    pools: draw.prizes
      .filter(({ coded }) => coded)
      .map(({ id }) => `${id}:codes`)
      .join(),
    memory: hasMemory(draw) ? '1' : '0',
    ...Object.fromEntries(draw.prizes.map((prize) => [`prize:${prize.id}`, prizeText(prize)]))
  }
}

function taskRules({ per, goal, after, reward, streak }: TaskSetup): Record<string, string> {
  return {
    per,
    goal: goal ? '1' : '0',
    after: after.join(),
    reward: rewardText(reward),
    streak: streak.map((step) => `${step.days}=${rewardText(step.reward)}`).join(';')
  }
}

/** The activities of a campaign as the gate reads them: draw `wheel`, the tasks, redemption `mall` with pool `codes`. */
export function specsOf(setup: FairSetup): ActivitySpec[] {
  const { campaign, zone, opensAt, closesAt, draw, tasks, mall } = setup
  const campaignRules = { opens_at: String(opensAt), closes_at: String(closesAt), zone: packZone(zone) }
  const sessions = packedSession({ opensAt, closesAt, id: 'all' })
  const quotas = draw.prizes.flatMap(({ id, quota }) => (quota === null ? [] : [[id, quota] as const]))
  const spec = (kind: ActivitySpec['kind'], activity: string, rules: Record<string, string>): ActivitySpec => {
    return { campaign, activity, kind, campaignRules, rules: { sessions, ...rules } }
  }
  return [
    { ...spec('draw', 'wheel', drawRules(setup)), stock: Object.fromEntries(quotas) },
    ...tasks.map((task) => spec('task', task.id, taskRules(task))),
    {
      ...spec('redemption', 'mall', {
        cost_unit: 'points',
        cost_field: 'b:points',
        cost: String(mall.cost),
        units_per_user: String(mall.unitsPerUser),
        entitlement: mall.entitlement,
        pool: 'codes'
      }),
      stock: { all: mall.stock },
      codes: mall.codes
    }
  ]
}
