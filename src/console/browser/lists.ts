/** Where the orders are that a number counts. @param narrowed conditions of the list; '' for none */
export function ordersAt(narrowed: {
  readonly campaign: string
  readonly activity: string
  readonly status: string
}): string {
  return `#/orders?${new URLSearchParams(Object.entries(narrowed).filter(([, value]) => value !== ''))}`
}
