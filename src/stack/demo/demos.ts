import { festival } from './festival.ts'
import { launch } from './launch.ts'
import { luckyWeek } from './lucky-week.ts'
import { pointsMall, ticketPool } from './points-mall.ts'
import type { DemoDefinition } from './window.ts'

/** A campaign that the local stack publishes when it starts. */
export interface Demo {
  /** its id, with which the ids of its successors begin: `launch`, then `launch-2` when `launch` is over */
  readonly name: string
  /** @param shop address of the demo storefront, to which links of invitations and shares lead */
  readonly define: (id: string, now: number, shop?: string) => DemoDefinition
  /** codes to load; they may be loaded already */
  readonly pool?: { readonly pool: string; readonly codes: readonly string[] }
}

/** A sale, a draw, a points mall, and one that has all of them. */
export const demos: readonly Demo[] = [
  { name: 'launch', define: launch },
  { name: 'lucky-week', define: luckyWeek },
  { name: 'points-mall', define: pointsMall, pool: ticketPool },
  { name: 'festival', define: festival }
]
