/** A balance that a decision moved, and what it was right after. */
export interface Move {
  /** `points` and the like, `chances:<draw>`, `entitlement:<name>`, `doubler` */
  readonly unit: string
  readonly delta: number
  readonly balance: number
}

/** What a decision says about itself beyond type and entity; `facts` by place, see lua/README.md. */
export interface Report {
  readonly facts: readonly string[]
  readonly moves: readonly Move[]
}

/** Reads `<fact>,<fact>...|<unit> <delta> <balance>|...`, the report of spins, claims, completions and wins. */
export function decodeReport(text: string): Report {
  const [facts = '', ...moves] = text.split('|')
  return {
    facts: facts === '' ? [] : facts.split(','),
    moves: moves.map((move) => {
      const [unit = '', delta, balance] = move.split(' ')
      return { unit, delta: Number(delta), balance: Number(balance) }
    })
  }
}
