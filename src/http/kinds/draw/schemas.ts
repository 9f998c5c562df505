import { Type } from 'typebox'
import {
  Amounts,
  ByName,
  common,
  left,
  limit,
  nullable,
  optional,
  Reward,
  sessions,
  sessionsOfRules
} from '../parts/page-schemas.ts'

const subPrize = Type.Object({
  id: Type.String(),
  title: Type.String(),
  odds: Type.Number(),
  reward: optional(Reward)
})

const prizeTerms = {
  id: Type.String(),
  tier: Type.Integer({ description: '1 is the best' }),
  title: Type.String(),
  type: Type.String(),
  value: optional(Type.Integer({ description: 'minor units' })),
  quota: nullable('integer', 'how many there are; null: no end'),
  weight: Type.Integer(),
  minSpins: optional(Type.Integer()),
  guaranteedAfter: optional(Type.Integer()),
  release: optional(Type.Literal('even')),
  claimWithinDays: optional(Type.Integer()),
  reward: optional(Reward),
  subPrizes: optional(Type.Array(subPrize)),
  display: optional(Type.Unsafe<object>({ type: 'object', additionalProperties: true })),
  odds: Type.Number({ description: 'its weight divided by the sum of all weights, for users of level 0' })
}

const drawTerms = {
  ...common('draw'),
  cost: optional(Amounts),
  chances: optional(Type.Object({ daily: Type.Integer(), extraPerDay: limit('extra chances a day') })),
  limits: Type.Object({
    perDay: limit('spins a day'),
    perCampaign: limit('spins'),
    winsPerCampaign: limit('wins'),
    winsPerTier: ByName('wins by tier')
  }),
  fallback: Type.String({ description: 'id of the prize that is given when the picked one cannot be' }),
  oddsByLevel: optional(Type.Array(Type.Object({ level: Type.Integer(), odds: ByName('by prize') }))),
  seedCommitment: nullable('string', 'SHA-256 of the seed, in hex'),
  algorithm: Type.String({ description: 'how a spin is computed' }),
  seed: optional(Type.String({ description: 'in hex; absent until the draw is over' }))
}

export const drawSchemas = {
  view: Type.Object(
    { ...drawTerms, remaining: left, prizes: Type.Array(Type.Object({ ...prizeTerms, remaining: left })), ...sessions },
    { title: 'Draw' }
  ),
  rules: Type.Object(
    {
      ...drawTerms,
      prizes: Type.Array(Type.Object(prizeTerms)),
      terms: Type.Array(Type.String(), { description: 'what counts as a win and what is promised, in words' }),
      ...sessionsOfRules
    },
    { title: 'DrawTerms' }
  ),
  live: { prizes: optional(Type.Array(Type.Object({ id: Type.String(), remaining: left }))) }
}
