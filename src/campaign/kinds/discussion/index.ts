import type { KindRules } from '../../parts/kind.ts'
import { checkDiscussion } from './check.ts'
import { compileDiscussion } from './compile.ts'
import { type DiscussionDefinition, DiscussionSchema } from './definition.ts'
import { type Discussion, discussionDefinition, discussionRules } from './rules.ts'

/** What users write about shares, activities and topics, and what they like. */
export const discussion: KindRules<DiscussionDefinition, Discussion> = {
  schema: DiscussionSchema,
  frozen: ['subjects', 'topics', 'moderation', 'maxLength', 'perDay', 'reward'] satisfies ReadonlyArray<
    keyof Discussion
  >,
  check: checkDiscussion,
  rules: discussionRules,
  definition: discussionDefinition,
  compile: compileDiscussion,
  rewards: ({ reward }) => [reward]
}
