import { type Context, checkOwnWindow, checkReward, checkUnique } from '../../parts/check.ts'
import type { DiscussionDefinition } from './definition.ts'

/** Checks what the schema of a discussion cannot say. */
export function checkDiscussion(talk: DiscussionDefinition, pointer: string, context: Context): void {
  const { add } = context
  const { subjects, topics, reward } = talk
  checkOwnWindow(talk, pointer, context)
  checkUnique(subjects, (index) => `${pointer}/subjects/${index}`, add)
  const shares = subjects.indexOf('share')
  if (shares !== -1 && ![...context.kindById.values()].includes('share'))
    add(`${pointer}/subjects/${shares}`, 'needs an activity of this campaign in which users share')
  const aboutTopics = subjects.includes('topic')
  if (aboutTopics && topics === undefined) add(`${pointer}/topics`, 'is missing: subjects names topics')
  if (!aboutTopics && topics !== undefined) add(`${pointer}/topics`, 'is for discussions whose subjects name "topic"')
  checkUnique(
    (topics ?? []).map(({ id }) => id),
    (index) => `${pointer}/topics/${index}/id`,
    add
  )
  if (reward !== undefined) checkReward(reward, `${pointer}/reward`, context)
}
