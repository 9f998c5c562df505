import type { KindRules } from '../../parts/kind.ts'
import {
  changeLimits,
  changeWeights,
  comparePrizes,
  limitFields,
  mergePrizes,
  newPrizeFields,
  prizeStock
} from './change.ts'
import { checkDraw, warnOfPromises } from './check.ts'
import { compileDraw } from './compile.ts'
import { type DrawDefinition, DrawSchema } from './definition.ts'
import { type Draw, drawDefinition, drawRules } from './rules.ts'

/** Prizes that are drawn by weight, for a cost, for a chance or for nothing. */
export const draw: KindRules<DrawDefinition, Draw> = {
  schema: DrawSchema,
  frozen: ['cost', 'chances', 'limits', 'fallback'] satisfies ReadonlyArray<keyof Draw>,
  check: checkDraw,
  rules: drawRules,
  definition: drawDefinition,
  compile: compileDraw,
  isReserved: true,
  takesTickets: true,
  hasSeed: true,
  hasChances: true,
  stock: prizeStock,
  limits: { fields: limitFields, changed: changeLimits },
  weights: { changed: changeWeights },
  warnings: warnOfPromises,
  rewards: ({ prizes }) => prizes.flatMap(({ reward, subPrizes }) => [reward, ...subPrizes.map((sub) => sub.reward)]),
  codes: ({ prizes }, pointer) =>
    prizes.flatMap(({ pool, quota }, index) =>
      pool === '' ? [] : [{ pointer: `${pointer}/prizes/${index}/pool`, pool, units: quota }]
    ),
  compare: comparePrizes,
  merge: mergePrizes,
  preloaded: newPrizeFields
}
