import { checkOwnWindow, checkReward, checkUnique } from '../../parts/check.ts'
import { participationFields } from '../../parts/fields.ts'
import type { KindRules } from '../../parts/kind.ts'
import { checkOnlyOne } from '../../parts/only-one.ts'
import { compileReward } from '../../parts/pay.ts'
import { type AssistDefinition, AssistSchema } from './definition.ts'
import { type Assist, assistDefinition, assistRules } from './rules.ts'

/** Users help a share of somebody else, who is rewarded when enough have. */
export const assist: KindRules<AssistDefinition, Assist> = {
  schema: AssistSchema,
  frozen: ['thresholds', 'helperPerDay', 'newUsers', 'withinHours', 'helper'] satisfies ReadonlyArray<keyof Assist>,
  check(definition, pointer, context) {
    const { thresholds, helper } = definition
    checkOwnWindow(definition, pointer, context)
    checkUnique(
      thresholds.map(({ count }) => count),
      (index) => `${pointer}/thresholds/${index}/count`,
      context.add
    )
    for (const [index, { reward }] of thresholds.entries()) {
      checkReward(reward, `${pointer}/thresholds/${index}/reward`, context)
    }
    if (helper) checkReward(helper.reward, `${pointer}/helper/reward`, context)
  },
  checkTogether: checkOnlyOne,
  isFollowed: () => true,
  rules: assistRules,
  definition: assistDefinition,
  // the usual action is that of the helper; what a threshold gives its sharer is a credit, an action of its own
  compile: (campaign, { thresholds, helperPerDay, helper }) => ({
    ...participationFields,
    per_day: helperPerDay,
    reward: compileReward(campaign, helper),
    ...Object.fromEntries(thresholds.map(({ count, reward }) => [`reward:${count}`, compileReward(campaign, reward)]))
  }),
  rewards: ({ thresholds, helper }) => [helper, ...thresholds.map(({ reward }) => reward)]
}
