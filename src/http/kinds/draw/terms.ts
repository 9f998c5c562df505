import type { Policies } from '../../../campaign/definition/rules.ts'
import type { Draw, Prize } from '../../../campaign/kinds/draw/rules.ts'
import { KEPT_DAYS } from '../../../record/draw.ts'
import { type Language, localise } from '../../problems/language.ts'

type Words = Readonly<Record<Language, string>>

const WIN: Words = {
  en: 'A win is a prize that is worth something; a fallback that is worth something is a win, too. Wins count towards the limits of wins. A prize of type nothing is no win.',
  'zh-CN': '中奖是指获得有价值的奖品，保底奖品有价值时也算中奖，并计入中奖次数上限。类型为 nothing 的奖品不算中奖。'
}

const FALLBACK: Words = {
  en: 'The fallback is given whenever the picked prize cannot be given, also to users who have reached the limits of wins.',
  'zh-CN': '抽中的奖品无法发放时一律发放保底奖品，不受中奖次数上限影响。'
}

function guaranteeWords(title: string, after: number): Words {
  return {
    en: `After ${after} spins without a win since your last win of "${title}" or of a prize of a better tier, the next spin gives "${title}", as soon as it can be given. Smaller wins do not count, and do not start the count again.`,
    'zh-CN': `自您上次抽中“${title}”或更高等级的奖品起，累计 ${after} 次未中奖后，下一次抽奖将发放“${title}”（须可发放）。较小的奖品既不计入次数，也不重新计数。`
  }
}

function guarantees(prizes: readonly Prize[], language: Language): string[] {
  return prizes
    .filter(({ guaranteedAfter }) => guaranteedAfter > 0)
    .map(({ title, guaranteedAfter }) => guaranteeWords(localise(title, language), guaranteedAfter)[language])
}

function keptWords(daily: number): Words {
  const most = KEPT_DAYS * daily
  return {
    en: `Daily chances that are not used are kept, also those of days without a spin: at most ${most}, those of ${KEPT_DAYS} days.`,
    'zh-CN': `当日未用完的抽奖机会会保留，未抽奖的日子也一样：最多保留 ${most} 次，即 ${KEPT_DAYS} 天的机会。`
  }
}

/** Sentences that explain the figures of a draw: what a win is, what a promise counts, which chances of a day are kept. */
export function drawTerms(draw: Draw, { unusedDailyChances }: Policies, language: Language): string[] {
  const daily = unusedDailyChances === 'keep' ? (draw.chances?.daily ?? 0) : 0
  const kept = daily > 0 ? [keptWords(daily)[language]] : []
  return [WIN[language], FALLBACK[language], ...guarantees(draw.prizes, language), ...kept]
}
