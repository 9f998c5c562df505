/** A balance that a decision moved, and what it was right after. */
export interface Move {
  /** `points` and the like, `chances:<draw>`, `entitlement:<name>`, `doubler` */
  readonly unit: string
  readonly delta: number
  readonly balance: number
}

/** A report's facts by their place, which only the decoder of its kind may know, and its moves. */
interface ReportParts {
  readonly facts: readonly string[]
  readonly moves: readonly Move[]
}

function moveOf(text: string): Move {
  const [unit = '', delta, balance] = text.split(' ')
  return { unit, delta: Number(delta), balance: Number(balance) }
}

/** What a reward says about the prize that it holds: `prize:<id> 1 1`, with 0 where the prize had no unit or no code left. */
const PRIZE = 'prize:'

/** What became of the prize that a reward holds. */
interface RewardedPrize {
  readonly id: string
  /** whether it became a win of its user; if not, it was exhausted */
  readonly given: boolean
}

/** Takes `<fact>,<fact>...|<unit> <delta> <balance>|...` apart; a prize among the moves is read by `prizeIn`. */
export function reportParts(text: string): ReportParts {
  const [facts = '', ...moves] = text.split('|')
  return {
    facts: facts === '' ? [] : facts.split(','),
    moves: moves.filter((move) => !move.startsWith(PRIZE)).map(moveOf)
  }
}

/** The prize that the reward of a decision held; undefined where it held none. */
export function prizeIn(report: string): RewardedPrize | undefined {
  const move = report.split('|').findLast((part) => part.startsWith(PRIZE))
  if (move === undefined) return undefined
  const { unit, delta } = moveOf(move)
  return { id: unit.slice(PRIZE.length), given: delta > 0 }
}

/** The moves of any decision's report, for who asks for nothing else; none where its kind has none. */
export function movesOf(text: string): readonly Move[] {
  return reportParts(text).moves
}

/** A move as it stands behind the facts of a report. */
export function moveText({ unit, delta, balance }: Move): string {
  return `|${unit} ${delta} ${balance}`
}

/** A fact that is a number, null where it is empty or missing. */
export function numberOrNull(fact: string | undefined): number | null {
  return fact === undefined || fact === '' ? null : Number(fact)
}

/** Facts `<unit> <amount>`. */
export function amountsOf(facts: readonly string[]): Array<{ readonly unit: string; readonly amount: number }> {
  return facts.map((fact) => {
    const [unit = '', amount] = fact.split(' ')
    return { unit, amount: Number(amount) }
  })
}

/** What a decision in part and the one that ends it say together: the facts of the end, the moves of both. */
export function joinedReport(part: string, end: string): string {
  const [facts, ...moves] = end.split('|')
  return [facts, ...part.split('|').slice(1), ...moves].join('|')
}
