import type { Account } from './messages.ts'

/** The members of a 201 that the proofs need; everything else in it is left alone. */
interface Confirmation {
  readonly requestId: string
  readonly sequence: number
  readonly order?: Made
  readonly spin?: Made
  readonly claim?: Made
}

/** What was made: an order, a spin or a claim; a spin has no quantity. */
interface Made {
  readonly id: string
  readonly quantity?: number
}

const nothing: Made = { id: '' }

function madeBy({ order, spin, claim }: Confirmation): Made {
  return order ?? spin ?? claim ?? nothing
}

const MOST_ON_THEIR_WAY = 4_096

/** All requests and confirmations of one scenario in one round, as the clients know them. */
export interface Ledger {
  /** number of the next request; its key and its user follow from it */
  next(): number
  /** keeps a 201's body as it came: reading 100,000 of them during the load would cost what is to be measured */
  confirm(body: string): void
  /**
   * The order with the highest sequence among the confirmed. Answers may overtake each other, but by no more than are on
   * their way at a time, therefore the newest bodies suffice.
   */
  lastOrder(): string | null
  /** notes that a request was refused for good: it needs no other answer */
  refuse(request: number): void
  /** numbers of requests that have no 201 and were not refused */
  open(): number[]
  close(askedAgain: number): Account
}

export const keyOf = (account: string, request: number): string => `${account}-${request.toString(36).padStart(6, '0')}`

/** @param account prefix of its keys: letters, digits and dashes */
export function createLedger(account: string): Ledger {
  let issued = 0
  let bodies: string[] = []
  const keys = new Set<string>()
  const refused = new Set<number>()
  const sequences = new Set<string>()
  const orders = new Set<string>()
  const totals = { confirmed: 0, units: 0 }
  let last: { readonly sequence: number; readonly order: string | null } = { sequence: -1, order: null }

  function note(confirmation: Confirmation): void {
    const { sequence } = confirmation
    if (sequence > last.sequence) last = { sequence, order: madeBy(confirmation).id }
  }

  function read(): void {
    for (const body of bodies) {
      const confirmation = JSON.parse(body) as Confirmation
      note(confirmation)
      const { requestId, sequence } = confirmation
      const order = madeBy(confirmation)
      keys.add(requestId)
      // a sequence is its shard's and opening's, which the id names
      sequences.add(`${/^(\d+-\d+)-\d+$/.exec(order.id)?.[1] ?? ''} ${sequence}`)
      orders.add(order.id)
      totals.confirmed += 1
      totals.units += order.quantity ?? 1
    }
    bodies = []
  }

  function open(): number[] {
    read()
    return Array.from({ length: issued }, (_, request) => request).filter(
      (request) => !refused.has(request) && !keys.has(keyOf(account, request))
    )
  }

  return {
    next: () => issued++,
    confirm: (body) => bodies.push(body),
    refuse: (request) => void refused.add(request),
    lastOrder() {
      for (const body of bodies.slice(-MOST_ON_THEIR_WAY)) note(JSON.parse(body) as Confirmation)
      return last.order
    },
    open,
    close(askedAgain) {
      const unresolved = open().length
      return {
        confirmed: totals.confirmed,
        units: totals.units,
        distinctKeys: keys.size,
        distinctSequences: sequences.size,
        distinctOrders: orders.size,
        askedAgain,
        unresolved,
        lastOrder: last.order
      }
    }
  }
}
