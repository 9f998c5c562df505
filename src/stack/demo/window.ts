const hourMs = 3_600_000
const openDays = 7

/** The demo storefront, where nobody says on which port it is. */
export const SHOP = 'http://localhost:3000/shop'

/** A campaign definition of which only the id has a type here: the admin API checks the rest. */
export interface DemoDefinition {
  readonly id: string
  readonly [field: string]: unknown
}

/** Open from an hour before `now` (ms since 1970) for seven days. */
export function demoWindow(now: number): { opensAt: string; closesAt: string } {
  return {
    opensAt: new Date(now - hourMs).toISOString(),
    closesAt: new Date(now + openDays * 24 * hourMs).toISOString()
  }
}
