import { checkOwnWindow, checkReward } from '../../parts/check.ts'
import { participationFields } from '../../parts/fields.ts'
import type { KindRules } from '../../parts/kind.ts'
import { checkOnlyOne } from '../../parts/only-one.ts'
import { compileReward } from '../../parts/pay.ts'
import { type ShareDefinition, ShareSchema } from './definition.ts'
import { type Share, shareDefinition, shareRules } from './rules.ts'

/** Links of users to goods, to the campaign, to what they tell; a verified one is rewarded by channel. */
export const share: KindRules<ShareDefinition, Share> = {
  schema: ShareSchema,
  frozen: ['link', 'subjects', 'verifiedBy', 'attributionHours', 'channels'] satisfies ReadonlyArray<keyof Share>,
  check(definition, pointer, context) {
    checkOwnWindow(definition, pointer, context)
    for (const [id, { reward }] of Object.entries(definition.channels)) {
      if (reward) checkReward(reward, `${pointer}/channels/${id}/reward`, context)
    }
  },
  checkTogether: checkOnlyOne,
  isShared: true,
  isFollowed: () => true,
  rules: shareRules,
  definition: shareDefinition,
  // what a verified share gives is a credit, an action of its own for each channel
  compile: (campaign, { channels }) => ({
    ...participationFields,
    ...Object.fromEntries(
      Object.entries(channels).flatMap(([id, { reward, perDay }]) => [
        [`reward:${id}`, compileReward(campaign, reward)],
        [`per_day:${id}`, perDay]
      ])
    )
  }),
  rewards: ({ channels }) => Object.values(channels).map(({ reward }) => reward)
}
