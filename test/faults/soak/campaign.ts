import { openSession, saleDefinition } from '../../support/shop/sale.ts'
import type { DrawVisit } from '../load/messages.ts'

export const sale = 'phone'
export const draw = 'wheel'
/** How much there is to sell and to win in a round. */
export interface Supply {
  readonly stock: number
  /** by prize */
  readonly quotas: Readonly<Record<string, number>>
}

export const supply: Supply = { stock: 600, quotas: { first: 3, second: 20, third: 120 } }
/** How often of a thousand a number means each prize. */
export const pickWeights: Readonly<Record<string, number>> = { first: 30, second: 90, third: 300, thanks: 580 }

const task = 'visit'
const points = 30
const spinCost = 10
/** short enough to expire and be sold again within a round */
const payWithinSeconds = 10

export const visit: DrawVisit = { draw, task, spins: points / spinCost, share: 0.5 }

/** The campaign of a round: a sale of few units, and a draw paid with the points of a task. */
export function roundCampaign(id: string, { stock, quotas }: Supply = supply): { readonly id: string } {
  const definition = saleDefinition({ id, sales: { [sale]: { unitsPerUser: 2, sessions: [openSession(stock)] } } })
  const { activities } = definition as unknown as { activities: object[] }
  const prize = (name: string, tier: number, weight: number) => {
    const quota = quotas[name] ?? null
    return { id: name, tier, title: name, type: quota === null ? 'nothing' : 'physical', quota, weight }
  }
  return {
    ...definition,
    ...{
      units: { points: { scope: 'campaign' } },
      activities: [
        ...activities.map((activity) => ({ ...activity, payWithinSeconds })),
        { id: task, kind: 'task', title: 'Visit', per: 'campaign', reward: { points } },
        {
          id: draw,
          kind: 'draw',
          title: 'Wheel',
          cost: { points: spinCost },
          fallback: 'thanks',
          prizes: Object.entries(pickWeights).map(([name, weight], index) => prize(name, index + 1, weight))
        }
      ]
    }
  }
}
