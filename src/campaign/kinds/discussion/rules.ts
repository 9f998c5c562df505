import { commonDefinition, commonRules, wholeSession, windowDefinition } from '../../parts/activity.ts'
import type { Window } from '../../parts/context.ts'
import type { ActivityBase, Reward } from '../../parts/model.ts'
import { rewardDefinition, rewardRules } from '../../parts/reward.ts'
import type { Localized } from '../../parts/shapes.ts'
import type { DiscussionDefinition } from './definition.ts'

/** A discussion in force: `topics` is empty where topics are not discussed, `perDay` 0 without a limit, `reward` null without one. */
export interface Discussion extends ActivityBase {
  readonly kind: 'discussion'
  readonly subjects: DiscussionDefinition['subjects']
  readonly topics: ReadonlyArray<{ readonly id: string; readonly title: Localized }>
  /** whether comments show at once or wait until somebody lets them show */
  readonly moderation: 'after' | 'before'
  /** characters of a comment */
  readonly maxLength: number
  /** comments of one user on one local day */
  readonly perDay: number
  /** for the first comment of a local day */
  readonly reward: Reward | null
}

const USUAL_LENGTH = 500

/** A discussion in force, as it is before any adjustment. */
export function discussionRules(talk: DiscussionDefinition, window: Window): Discussion {
  return {
    ...commonRules(talk),
    kind: 'discussion',
    subjects: talk.subjects,
    topics: talk.topics ?? [],
    moderation: talk.moderation ?? 'after',
    maxLength: talk.maxLength ?? USUAL_LENGTH,
    perDay: talk.perDay ?? 0,
    reward: talk.reward === undefined ? null : rewardRules(talk.reward),
    sessions: [wholeSession(talk, window)]
  }
}

export function discussionDefinition(talk: Discussion): DiscussionDefinition {
  const { subjects, topics, moderation, maxLength, perDay, reward } = talk
  return {
    ...commonDefinition(talk),
    ...windowDefinition(talk),
    kind: 'discussion',
    subjects: [...subjects],
    ...(topics.length > 0 ? { topics: topics.map((topic) => ({ ...topic })) } : {}),
    moderation,
    maxLength,
    ...(perDay > 0 ? { perDay } : {}),
    ...(reward === null ? {} : { reward: rewardDefinition(reward) })
  }
}
