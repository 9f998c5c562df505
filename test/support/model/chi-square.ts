/** 99.9 % quantiles of the chi-square distribution, by degrees of freedom from 1 on. */
const smallCritical = [10.828, 13.816, 16.266, 18.467, 20.515, 22.458, 24.322, 26.124, 27.877, 29.588]
/** 99.9 % quantile of the normal distribution */
const Z = 3.0902

export interface Fit {
  readonly statistic: number
  /** a true hypothesis goes beyond it in one run of a thousand */
  readonly critical: number
  readonly degrees: number
}

/**
 * Pearson's test of observed counts against weights, at the level 0.001. What has no weight must not occur.
 * @throws Error when it does, or when an expected count is below 5, for which the test says nothing
 */
export function chiSquare(observed: readonly number[], weights: readonly number[]): Fit {
  const total = observed.reduce((sum, count) => sum + count, 0)
  const whole = weights.reduce((sum, weight) => sum + weight, 0)
  let statistic = 0
  let cells = 0
  for (const [index, weight] of weights.entries()) {
    const count = observed[index] ?? 0
    const expected = (total * weight) / whole
    if (weight === 0 && count > 0) throw new Error(`Number ${index} has no weight and was drawn ${count} times`)
    if (weight === 0) continue
    if (expected < 5) throw new Error(`Number ${index} is expected ${expected} times: too few`)
    statistic += (count - expected) ** 2 / expected
    cells += 1
  }
  return { statistic, critical: critical(cells - 1), degrees: cells - 1 }
}

/** Exact to three digits up to 10, beyond by Wilson and Hilferty. */
function critical(degrees: number): number {
  const part = 2 / (9 * degrees)
  return smallCritical[degrees - 1] ?? degrees * (1 - part + Z * Math.sqrt(part)) ** 3
}

/** The test as a line of a report. */
export function fitText({ statistic, critical: most, degrees }: Fit): string {
  return `chi-square ${statistic.toFixed(2)}, at most ${most.toFixed(2)} (${degrees} degrees of freedom, 0.001)`
}
