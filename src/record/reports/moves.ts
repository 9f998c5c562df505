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

/** Takes `<fact>,<fact>...|<unit> <delta> <balance>|...` apart. */
export function reportParts(text: string): ReportParts {
  const [facts = '', ...moves] = text.split('|')
  return { facts: facts === '' ? [] : facts.split(','), moves: moves.map(moveOf) }
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
