import { loadsByTheClock } from './scenarios/by-the-clock.ts'
import { closedLoops } from './scenarios/closed.ts'
import type { Scenario } from './scenarios/scenario.ts'

/** All rows, in the order in which a round runs them. */
export const scenarios: readonly Scenario[] = [...closedLoops, ...loadsByTheClock]
