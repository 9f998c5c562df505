import type { ShardBug } from './bugs.ts'
import { type Decision, type Item, items } from './decision.ts'

export interface Loan {
  readonly id: string
  readonly item: Item
  readonly from: number
  readonly to: number
  readonly asked: number
  /** what the lend took, once that is projected */
  lent: number | undefined
  /** the receipt, once it is projected */
  receipt: string | undefined
  state: 'asked' | 'lent' | 'received' | 'void'
  closedAt: number | undefined
}

/** An operator's change of stock; each shard's part is asked for under the same key. */
export interface Intent {
  readonly id: number
  readonly item: Item
  readonly delta: number
  /** what each shard is asked for; undefined: what those before it left */
  readonly parts: readonly number[] | undefined
  /** by shard: what was applied, once that is projected */
  readonly applied: Array<number | undefined>
  open: boolean
  /** when it was asked for */
  readonly sinceMs: number
}

interface Spin {
  readonly id: string
  readonly user: string
  open: boolean
}

/** What Postgres has, as one statement each; a backup is a copy of it. */
interface State {
  loans: Map<string, Loan>
  spins: Map<string, Spin>
  stored: number[]
  sequence: number
}

export class Rows {
  state: State
  /** not part of what a backup loses: what an operator asked for meanwhile is asked for again by people, not by Floodgate */
  readonly intents: Intent[] = []
  /** the campaign is over and its spins are finished: no loan is begun any more */
  closing = false
  readonly #bug: ShardBug | undefined
  #ids = 0

  constructor(bug: ShardBug | undefined, shards: number) {
    this.#bug = bug
    this.state = { loans: new Map(), spins: new Map(), stored: Array.from({ length: shards }, () => 0), sequence: 0 }
  }

  copy(): State {
    return structuredClone(this.state)
  }

  /** An id that never comes again, also when Postgres goes back. */
  newId(): string {
    this.#ids += 1
    this.state.sequence += 1
    return this.#bug === 'ids-in-order' ? String(this.state.sequence) : `uuid${this.#ids}`
  }

  loansTo(shard: number): Loan[] {
    return [...this.state.loans.values()].filter(({ to, closedAt }) => to === shard && closedAt === undefined)
  }

  /** How many loans of an item there ever were, and those that are open. */
  loansOf(item: Item): { readonly count: number; readonly open: readonly Loan[] } {
    const all = [...this.state.loans.values()].filter((loan) => loan.item === item)
    return { count: all.length, open: all.filter(({ closedAt }) => closedAt === undefined) }
  }

  /** Begins a loan where none is open between the two, nobody takes stock away, and the campaign goes on; one lock per item. */
  begin(loan: Pick<Loan, 'id' | 'item' | 'from' | 'to' | 'asked'>): 'begun' | 'refused' | 'beside another' {
    const isTaken = this.intents.some(({ item, delta, open }) => item === loan.item && delta < 0 && open)
    if (this.closing || (isTaken && this.#bug !== 'taken-beside-loans')) return 'refused'
    const pair = (one: Pick<Loan, 'from' | 'to'>) => [one.from, one.to].sort().join()
    const isOpen = this.loansOf(loan.item).open.some((other) => pair(other) === pair(loan))
    if (isOpen && this.#bug !== 'lends-while-open') return 'refused'
    this.#insert({ ...loan, lent: undefined, receipt: undefined, state: 'asked' })
    return isOpen ? 'beside another' : 'begun'
  }

  close(id: string, state: 'received' | 'void', now: number): void {
    const loan = this.state.loans.get(id)
    if (!loan || loan.closedAt !== undefined) return
    loan.state = state
    loan.closedAt = now
  }

  /** What follows from a decision of the journal, in the transaction that stores it. Returns the intent that it closes. */
  project(decision: Decision, shard: number, now: number): Intent | undefined {
    const { type, id, cause, amount } = decision
    if (type === 'lent') this.#projectLend(decision, now)
    if (type === 'received') {
      const loan = this.#loanOf(decision)
      loan.lent ??= amount
      loan.receipt ??= id
      if (loan.state === 'asked') loan.state = 'lent'
    }
    if (type === 'drawn') this.state.spins.set(id, { id, user: decision.user, open: true })
    if (type === 'finished') {
      const spin = this.state.spins.get(cause)
      if (spin) spin.open = false
    }
    const intent = type === 'adjusted' ? this.intents[Number(cause)] : undefined
    if (!intent) return undefined
    intent.applied[shard] = amount
    const isDone = intent.open && [...intent.applied].every((applied) => applied !== undefined)
    if (isDone) intent.open = false
    return isDone ? intent : undefined
  }

  open(): string | undefined {
    if (items.some((item) => this.loansOf(item).open.length > 0)) return 'loans are open'
    if ([...this.state.spins.values()].some(({ open }) => open)) return 'spins are not finished'
    return this.intents.some(({ open }) => open) ? 'intents are open' : undefined
  }

  #projectLend(decision: Decision, now: number): void {
    const loan = this.#loanOf(decision)
    if (loan.state === 'void') return
    loan.lent ??= decision.amount
    if (loan.state !== 'asked') return
    loan.state = decision.amount > 0 ? 'lent' : 'void'
    if (decision.amount === 0) loan.closedAt = now
  }

  /** The row of a loan; made again where a backup did not have it. */
  #loanOf({ cause, item, from, to, amount }: Decision): Loan {
    const loan = this.state.loans.get(cause)
    return (
      loan ??
      this.#insert({ id: cause, item, from, to, asked: amount, lent: undefined, receipt: undefined, state: 'asked' })
    )
  }

  #insert(loan: Omit<Loan, 'closedAt'>): Loan {
    const row: Loan = { ...loan, closedAt: undefined }
    this.state.loans.set(loan.id, row)
    return row
  }
}
