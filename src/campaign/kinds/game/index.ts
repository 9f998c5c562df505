import { Type } from 'typebox'
import type { KindRules } from '../../parts/kind.ts'
import { type LimitChanges, TimesOrNone } from '../../parts/patch.ts'
import { type GameDefinition, GameSchema } from './definition.ts'
import { checkGame, compileGame, type Game, gameDefinition, gameRules } from './rules.ts'

/** A game that is played elsewhere: the outcome of an attempt, as another system reports it, gives a reward. */
export const game: KindRules<GameDefinition, Game> = {
  schema: GameSchema,
  isPlayed: true,
  frozen: ['attemptsPerDay', 'outcomes', 'onShared'] satisfies ReadonlyArray<keyof Game>,
  check: checkGame,
  rules: gameRules,
  definition: gameDefinition,
  compile: compileGame,
  limits: {
    fields: { attemptsPerDay: Type.Optional(TimesOrNone) },
    changed: (activity: Game, { attemptsPerDay }: LimitChanges): Game => ({
      ...activity,
      attemptsPerDay: typeof attemptsPerDay === 'number' ? attemptsPerDay : 0
    })
  },
  isFollowed: ({ onShared }) => Boolean(onShared),
  rewards: ({ outcomes, onShared }) => [...Object.values(outcomes), onShared]
}
