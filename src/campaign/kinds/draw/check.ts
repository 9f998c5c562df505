import { type Context, checkOwnWindow, checkReward, checkUnique, checkUnits } from '../../parts/check.ts'
import { type DefinitionError, shown } from '../../parts/explain.ts'
import { unitsOf } from '../../parts/reward.ts'
import { codeTypes } from '../../parts/shapes.ts'
import type { DrawDefinition, PrizeDefinition } from './definition.ts'
import { type Draw, isCredited, weightIn } from './rules.ts'

/** The fallback is what is left when nothing else can be won, so nothing may keep it from being won. */
function checkFallback(draw: DrawDefinition, pointer: string, { add }: Context): void {
  const index = draw.prizes.findIndex(({ id }) => id === draw.fallback)
  const prize = draw.prizes[index]
  if (!prize) {
    add(`${pointer}/fallback`, `there is no prize ${shown(draw.fallback)}`)
    return
  }
  const here = `${pointer}/prizes/${index}`
  if (prize.quota !== null) add(`${here}/quota`, 'must be null: this is the fallback, which never runs out')
  if ((prize.minSpins ?? 0) > 0) add(`${here}/minSpins`, 'must not stand here: the fallback can always be won')
  for (const name of ['guaranteedAfter', 'release', 'pool'] as const) {
    if (prize[name] !== undefined) add(`${here}/${name}`, 'must not stand here: the fallback can always be won')
  }
}

/** Checks the fields that only some types of prizes may have. */
function checkType(prize: PrizeDefinition, pointer: string, { add }: Context): void {
  const { type, reward, subPrizes = [], claimWithinDays, pool, value = 0 } = prize
  const gives = type === 'nothing' ? 'is nothing' : `is claimed`
  if (!isCredited(type)) {
    const detail = `must not stand here: a prize of type ${type} ${gives} and credits nothing at once`
    if (reward) add(`${pointer}/reward`, detail)
    for (const [index, sub] of subPrizes.entries()) {
      if (sub.reward) add(`${pointer}/subPrizes/${index}/reward`, detail)
    }
  }
  if (type === 'points' && value === 0 && Object.keys(unitsOf(reward ?? {})).length === 0) {
    const bySubPrize = subPrizes.length > 0 && subPrizes.every((sub) => sub.reward)
    if (!bySubPrize) add(`${pointer}/value`, 'is missing: give the points that it credits, as value or in reward')
  }
  if (claimWithinDays !== undefined && (isCredited(type) || type === 'nothing')) {
    add(`${pointer}/claimWithinDays`, `must not stand here: a prize of type ${type} is not claimed`)
  }
  if (prize.guaranteedAfter !== undefined && type === 'nothing') {
    add(`${pointer}/guaranteedAfter`, 'must not stand here: a prize of type nothing is no win, so none is promised')
  }
  if (pool !== undefined && !codeTypes.has(type)) {
    add(`${pointer}/pool`, `must not stand here: codes are for ${[...codeTypes].join(', ')}`)
  }
}

function checkPrize(prize: PrizeDefinition, pointer: string, context: Context): void {
  const { add } = context
  const { reward, subPrizes = [], quota, release } = prize
  checkType(prize, pointer, context)
  if (release === 'even' && quota === null)
    add(`${pointer}/release`, 'needs a quota that it can spread over the window')
  if (subPrizes.length > 0 && quota !== null) add(`${pointer}/subPrizes`, 'are for prizes without a quota')
  if (reward) checkReward(reward, `${pointer}/reward`, context)
  for (const [index, sub] of subPrizes.entries()) {
    if (sub.reward) checkReward(sub.reward, `${pointer}/subPrizes/${index}/reward`, context)
  }
  checkUnique(
    subPrizes.map(({ id }) => id),
    (index) => `${pointer}/subPrizes/${index}/id`,
    add
  )
}

const noWeight = 'leave nothing to be drawn: the sum of the weights must be above 0'

function checkWeights(draw: DrawDefinition, pointer: string, { add }: Context): void {
  const { prizes, weightsByLevel = [] } = draw
  if (prizes.every(({ weight }) => weight === 0)) add(`${pointer}/prizes`, noWeight)
  for (const [index, { weights }] of weightsByLevel.entries()) {
    const here = `${pointer}/weightsByLevel/${index}/weights`
    for (const id of Object.keys(weights)) {
      if (!prizes.some((prize) => prize.id === id)) add(`${here}/${id}`, `there is no prize ${shown(id)}`)
    }
    if (prizes.every((prize) => weightIn(weights, prize) === 0)) add(here, noWeight)
  }
  checkUnique(
    weightsByLevel.map(({ level }) => level),
    (index) => `${pointer}/weightsByLevel/${index}/level`,
    add
  )
}

/** Checks what the schema of a draw cannot say. */
export function checkDraw(draw: DrawDefinition, pointer: string, context: Context): void {
  const { add } = context
  const { cost, chances, prizes, limits } = draw
  checkOwnWindow(draw, pointer, context)
  if (cost && chances) add(`${pointer}/chances`, 'must not stand beside cost: a spin takes one or the other')
  checkUnits(Object.keys(cost ?? {}), `${pointer}/cost`, context)
  checkUnique(
    prizes.map(({ id }) => id),
    (index) => `${pointer}/prizes/${index}/id`,
    add
  )
  for (const [index, prize] of prizes.entries()) checkPrize(prize, `${pointer}/prizes/${index}`, context)
  checkFallback(draw, pointer, context)
  checkWeights(draw, pointer, context)
  for (const tier of Object.keys(limits?.winsPerTier ?? {})) {
    if (!prizes.some((prize) => String(prize.tier) === tier)) {
      add(`${pointer}/limits/winsPerTier/${tier}`, `no prize has tier ${tier}`)
    }
  }
}

/** Warns of a promise that can never be due: it counts losing spins, and no spin of the draw loses. */
export function warnOfPromises({ prizes }: Draw, pointer: string): DefinitionError[] {
  if (prizes.some(({ type }) => type === 'nothing')) return []
  return prizes.flatMap(({ guaranteedAfter }, index) => {
    const detail = 'is never due: it counts losing spins, and no prize of this draw is of type nothing'
    return guaranteedAfter > 0 ? [{ pointer: `${pointer}/prizes/${index}/guaranteedAfter`, detail }] : []
  })
}
