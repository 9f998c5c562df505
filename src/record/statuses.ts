/** Statuses of orders by the letter with which records and reports name them (lua/lib/order.lua). */
const orders = { a: 'accepted', p: 'paid', c: 'cancelled', e: 'expired', s: 'shipped', r: 'returned' } as const

/** Statuses of wins likewise (lua/lib/win.lua). Won is to be claimed, given was credited when it was won. */
const wins = { w: 'won', g: 'given', c: 'claimed', r: 'revoked' } as const

/** How far a claimed win is handed over, likewise (lua/commands/fulfil-win.lua). */
const fulfilments = {
  a: 'approved',
  s: 'shipped',
  y: 'ready-for-pickup',
  c: 'credited',
  d: 'delivered',
  f: 'failed',
  i: 'reissued'
} as const

export type OrderStatus = (typeof orders)[keyof typeof orders]
export type WinStatus = (typeof wins)[keyof typeof wins]
export type Fulfilment = (typeof fulfilments)[keyof typeof fulfilments]

/** In which order does not matter; `approved` comes first, where a campaign wants it. */
export const fulfilmentStates: readonly Fulfilment[] = Object.values(fulfilments)

/** undefined for what is no letter of a status */
export function orderStatusOf(letter: string): OrderStatus | undefined {
  return (orders as Readonly<Record<string, OrderStatus>>)[letter]
}

/** undefined for what is no letter of a status */
export function winStatusOf(letter: string): WinStatus | undefined {
  return (wins as Readonly<Record<string, WinStatus>>)[letter]
}

/** The letter of a win's status. */
export function winLetter(status: WinStatus): string {
  return Object.entries(wins).find(([, name]) => name === status)?.[0] ?? ''
}

/** undefined for what is no letter of a state */
export function fulfilmentOf(letter: string): Fulfilment | undefined {
  return (fulfilments as Readonly<Record<string, Fulfilment>>)[letter]
}

/** The letter of a state in which a win is handed over. */
export function fulfilmentLetter(state: Fulfilment): string {
  return Object.entries(fulfilments).find(([, name]) => name === state)?.[0] ?? ''
}
