import { isDeepStrictEqual } from 'node:util'
import { Type } from 'typebox'
import { Contradiction } from '../../parts/contradiction.ts'
import { prizeField } from '../../parts/fields.ts'
import type { Refuse } from '../../parts/kind.ts'
import { type Changed, DIFFERS, type LimitChanges, TimesOrNone } from '../../parts/patch.ts'
import type { Stock } from '../../parts/stock.ts'
import { weightsAt } from './compile.ts'
import { Tier } from './definition.ts'
import { type Draw, type Prize, weightIn } from './rules.ts'

/** Prizes with a quota are counted; the others never run out. */
export const prizeStock: Stock<Draw> = {
  of: 'prize',
  items: ({ prizes }) => prizes.flatMap(({ id, quota }) => (quota === null ? [] : [{ id, stock: quota }])),
  changed(draw, changes) {
    const prizes = draw.prizes.map((prize) =>
      prize.quota === null ? prize : { ...prize, quota: prize.quota + (changes.get(prize.id) ?? 0) }
    )
    return { ...draw, prizes }
  },
  named(draw, name) {
    const prize = draw.prizes.find(({ id }) => id === name)
    if (!prize) throw new Contradiction('/prize', `${draw.id} has no prize ${name}`)
    if (prize.quota === null) throw new Contradiction('/prize', `${name} has no quota: nothing can be added to it`)
    return prize.id
  }
}

/** The limits of a draw in a PATCH. */
export const limitFields = {
  perDay: Type.Optional(TimesOrNone),
  perCampaign: Type.Optional(TimesOrNone),
  winsPerCampaign: Type.Optional(TimesOrNone),
  winsPerTier: Type.Optional(
    Type.Record(Tier, TimesOrNone, {
      additionalProperties: false,
      minProperties: 1,
      description: 'must be wins by tier, such as {"1": 1}, or null for a tier without limit'
    })
  )
}

/** Changes the limits that are named; null removes one, also of a tier. */
export function changeLimits(draw: Draw, { winsPerTier, ...numbers }: LimitChanges): Draw {
  const given = Object.entries(numbers).map(([name, most]) => [name, most ?? 0])
  const merged = Object.entries({ ...draw.limits.winsPerTier, ...(winsPerTier as object | undefined) })
  const tiers = merged.filter((entry): entry is [string, number] => entry[1] !== null)
  return {
    ...draw,
    limits: { ...draw.limits, ...Object.fromEntries(given), winsPerTier: Object.fromEntries(tiers) }
  }
}

/** Changes base weights by prize; a level's own weight of a prize stays. @throws Contradiction */
export function changeWeights(draw: Draw, weights: Readonly<Record<string, number>>): Changed<Draw> {
  for (const id of Object.keys(weights)) {
    if (!draw.prizes.some((prize) => prize.id === id)) {
      throw new Contradiction(`/weights/${id}`, `${draw.id} has no prize ${id}`)
    }
  }
  const weighed: Draw = {
    ...draw,
    prizes: draw.prizes.map((prize) => ({ ...prize, weight: weightIn(weights, prize) }))
  }
  for (const level of [0, ...draw.weightsByLevel.map((set) => set.level)]) {
    if (weightsAt(weighed, level).every((weight) => weight === 0)) {
      throw new Contradiction('/weights', `leave nothing to be drawn at level ${level}: their sum must be above 0`)
    }
  }
  const before = draw.prizes.filter(({ id }) => Object.hasOwn(weights, id)).map(({ id, weight }) => [id, weight])
  return { activity: weighed, data: { weights, weightsBefore: Object.fromEntries(before) } }
}

/** A prize without its texts and its display, which a later version may change. */
function withoutWords({
  title: _title,
  display: _display,
  instructions: _instructions,
  quota: _quota,
  publishedQuota: _published,
  ...prize
}: Prize) {
  return { ...prize, subPrizes: prize.subPrizes.map(({ title: _words, ...sub }) => sub) }
}

function comparePrize(inForce: Prize, target: Prize, refuse: Refuse): void {
  if (target.quota !== inForce.publishedQuota && target.quota !== inForce.quota) {
    refuse('/quota', `differs from the ${inForce.quota} in force: it is changed by PATCH with prize and addStock`)
  }
  const [before, after] = [withoutWords(inForce), withoutWords(target)]
  for (const name of Object.keys(before) as Array<keyof typeof before>) {
    if (!isDeepStrictEqual(before[name], after[name])) refuse(`/${name}`, DIFFERS)
  }
}

/** Weights by level of the prizes that are in force. */
function levelWeights(draw: Draw, known: ReadonlySet<string>) {
  return draw.weightsByLevel.map(({ level, weights }) => ({
    level,
    weights: Object.fromEntries(Object.entries(weights).filter(([id]) => known.has(id)))
  }))
}

/** Prizes in force must be in the version too, and equal except for their texts. */
export function comparePrizes(inForce: Draw, target: Draw, refuse: Refuse): void {
  for (const prize of inForce.prizes) {
    const index = target.prizes.findIndex(({ id }) => id === prize.id)
    const wanted = target.prizes[index]
    if (!wanted) refuse('/prizes', `prize ${prize.id} is missing: it is in force`)
    else comparePrize(prize, wanted, (pointer, detail) => refuse(`/prizes/${index}${pointer}`, detail))
  }
  const known = new Set(inForce.prizes.map(({ id }) => id))
  if (!isDeepStrictEqual(levelWeights(inForce, known), levelWeights(target, known))) {
    refuse('/weightsByLevel', 'differ for prizes in force')
  }
}

/** A prize in force with the texts of a later version. */
function mergePrize(inForce: Prize | undefined, target: Prize): Prize {
  if (!inForce) return target
  const { display: _display, instructions: _instructions, ...rest } = inForce
  return {
    ...rest,
    title: target.title,
    subPrizes: target.subPrizes,
    ...(target.instructions === undefined ? {} : { instructions: target.instructions }),
    ...(target.display === undefined ? {} : { display: target.display })
  }
}

/** The prizes of a later version; those already in force keep their rules. */
export function mergePrizes(merged: Draw, target: Draw): Draw {
  const before = new Map(merged.prizes.map((prize) => [prize.id, prize]))
  const prizes = target.prizes.map((prize) => mergePrize(before.get(prize.id), prize))
  return { ...merged, prizes, weightsByLevel: target.weightsByLevel }
}

/** The fields of new prizes: safe to write early, because a prize that no list names is never drawn. */
export function newPrizeFields(inForce: Draw, merged: Draw): string[] {
  const known = new Set(inForce.prizes.map(({ id }) => id))
  return merged.prizes.filter(({ id }) => !known.has(id)).map(({ id }) => prizeField(id))
}
