import { openSession, saleDefinition } from '../../support/shop/sale.ts'
import type { DrawVisit } from '../load/messages.ts'

export const sale = 'phone'
export const draw = 'wheel'
export const stock = 600
export const quotas: Readonly<Record<string, number>> = { first: 3, second: 20, third: 120 }

const task = 'visit'
const points = 30
const spinCost = 10
/** short enough to expire and be sold again within a round */
const payWithinSeconds = 10

export const visit: DrawVisit = { draw, task, spins: points / spinCost, share: 0.5 }

/** The campaign of a round: a sale of few units, and a draw paid with the points of a task. */
export function roundCampaign(id: string): { readonly id: string } {
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
          prizes: [prize('first', 1, 30), prize('second', 2, 90), prize('third', 3, 300), prize('thanks', 9, 580)]
        }
      ]
    }
  }
}
