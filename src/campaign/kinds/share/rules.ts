import { commonDefinition, commonRules, wholeSession, windowDefinition } from '../../parts/activity.ts'
import type { Window } from '../../parts/context.ts'
import type { ActivityBase, Reward } from '../../parts/model.ts'
import { noReward, rewardDefinition, rewardRules } from '../../parts/reward.ts'
import { type ShareDefinition, SUBJECTS } from './definition.ts'

export type SubjectType = (typeof SUBJECTS)[number]

/** What a verified share on a channel gives; `perDay` 0 means no cap. */
interface Channel {
  readonly reward: Reward
  readonly perDay: number
}

/** The activity by which users share. */
export interface Share extends ActivityBase {
  readonly kind: 'share'
  /** with `{share}` for the id, '' for no links */
  readonly link: string
  readonly subjects: readonly SubjectType[]
  readonly verifiedBy: 'visit' | 'service'
  readonly attributionHours: number
  readonly channels: Readonly<Record<string, Channel>>
}

const ATTRIBUTION_HOURS = 72

/** The activity in force, as it is before any adjustment. */
export function shareRules(share: ShareDefinition, window: Window): Share {
  return {
    ...commonRules(share),
    kind: 'share',
    link: share.link ?? '',
    subjects: share.subjects ?? SUBJECTS,
    verifiedBy: share.verifiedBy,
    attributionHours: share.attributionHours ?? ATTRIBUTION_HOURS,
    channels: Object.fromEntries(
      Object.entries(share.channels).map(([id, { reward, perDay }]) => [
        id,
        { reward: reward === undefined ? noReward : rewardRules(reward), perDay: perDay ?? 0 }
      ])
    ),
    sessions: [wholeSession(share, window)]
  }
}

/** What a channel gives, in the form of a definition. */
function channelDefinition({ reward, perDay }: Channel): ShareDefinition['channels'][string] {
  const given = rewardDefinition(reward)
  return {
    ...(Object.keys(given).length > 0 ? { reward: given } : {}),
    ...(perDay > 0 ? { perDay } : {})
  }
}

export function shareDefinition(share: Share): ShareDefinition {
  const { link, subjects, verifiedBy, attributionHours, channels } = share
  return {
    ...commonDefinition(share),
    ...windowDefinition(share),
    kind: 'share',
    ...(link === '' ? {} : { link }),
    subjects: [...subjects],
    verifiedBy,
    attributionHours,
    channels: Object.fromEntries(Object.entries(channels).map(([id, channel]) => [id, channelDefinition(channel)]))
  }
}

/** Whether a verified share on a channel gives its user something. */
export function givesOn({ channels }: Share, channel: string): boolean {
  const reward = channels[channel]?.reward
  return reward !== undefined && Object.keys(rewardDefinition(reward)).length > 0
}
