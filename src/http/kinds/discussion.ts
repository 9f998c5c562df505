import { Type } from 'typebox'
import type { Discussion } from '../../campaign/kinds/discussion/rules.ts'
import { userField } from '../../record/fields.ts'
import { localise } from '../problems/language.ts'
import { comment, commentParticipation } from './discussion/comment.ts'
import { like, likeParticipation } from './discussion/like.ts'
import type { HttpKind, Page, Standings } from './kind.ts'
import { commonView, liveHead, rulesViewOf, sessionsView, type ViewContext } from './parts/page.ts'
import { common, limit, optional, Reward, sessions, sessionsOfRules, words } from './parts/page-schemas.ts'
import { rewardTerms, rewardView } from './parts/reward.ts'
import { Allowance, allowance, numberIn } from './parts/standing.ts'

const terms = {
  ...common('discussion'),
  subjects: Type.Array(Type.String(), { description: 'what is talked about: share, item (an activity), topic' }),
  topics: optional(Type.Array(Type.Object({ id: Type.String(), title: Type.String() }))),
  moderation: words('after', 'before'),
  maxLength: Type.Integer({ description: 'characters of a comment' }),
  perDay: limit('comments of one user on one day'),
  reward: optional(Reward)
}

function talkView(talk: Discussion, context: ViewContext) {
  const { subjects, topics, moderation, maxLength, perDay, reward } = talk
  return {
    ...commonView(talk, context),
    subjects,
    ...(topics.length > 0 && {
      topics: topics.map(({ id, title }) => ({ id, title: localise(title, context.language) }))
    }),
    moderation,
    maxLength,
    perDay: perDay || null,
    ...(reward && { reward: rewardView(talk, reward, context) }),
    sessions: sessionsView(talk)
  }
}

const page: Page<Discussion> = {
  view: talkView,
  liveView: (talk, context) => liveHead(talk, context),
  rulesView(talk, context) {
    const { reward, ...view } = talkView(talk, context)
    return rulesViewOf(view, reward ? { reward: rewardTerms(reward) } : {})
  },
  schemas: {
    view: Type.Object({ ...terms, ...sessions }, { title: 'Discussion' }),
    rules: Type.Object({ ...terms, ...sessionsOfRules }, { title: 'DiscussionTerms' }),
    live: {}
  }
}

const standing: Standings<Discussion> = {
  most: () => 0,
  view(day, talk) {
    // without a limit and a reward nothing counts by days
    if (talk.perDay === 0 && talk.reward === null) return {}
    const today = numberIn(day, userField.times(day.campaign.id, talk.id, day.today))
    return { today: allowance(today, talk.perDay) }
  },
  schema: { today: optional(Allowance) }
}

export const discussion: HttpKind<Discussion> = {
  actions: [
    { participation: commentParticipation, decided: comment },
    { participation: likeParticipation, decided: like }
  ],
  page,
  standing
}
