import type { AdjustCommand } from '../../gate/batch/commands.ts'
import { logical } from '../../record/keys.ts'
import type { ActivityBase } from './model.ts'
import { packSessions } from './packed.ts'

export type Put = AdjustCommand['puts'][number]
export type AddEntry = AdjustCommand['adds'][number]

export const { campaign: campaignKey, activity: activityKey, stock: stockKey, user: userKey } = logical

/** The field of the rules of an activity that holds one of its prizes. */
export const prizeField = (id: string) => `prize:${id}`

/** Fields of one hash of the gate. */
export type Fields = Record<string, string | number>

export const flag = (value: boolean) => (value ? '1' : '0')

export function putsOf(key: string, fields: Fields): Put[] {
  return Object.entries(fields).map(([field, value]) => [key, field, String(value)] as const)
}

/** The fields of `a:<campaign>:<activity>` that every kind has. */
export function commonFields(activity: ActivityBase) {
  return {
    kind: activity.kind,
    paused: flag(activity.paused),
    entitlement: activity.requires.entitlement,
    level: activity.requires.level,
    ...(activity.requires.reservation && { reserved: activity.requires.reservation }),
    sessions: packSessions(activity.sessions)
  }
}

/** Defaults for all kinds that the command `participate` decides; each kind sets the fields that it has. */
export const participationFields = {
  units_per_user: 0,
  per_day: 0,
  per_campaign: 0,
  cost_unit: '',
  cost_field: '',
  cost: 0,
  daily: 0,
  keep: '0',
  reward: ''
}
