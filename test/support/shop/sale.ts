import type { SalePromise } from '../judging/promise.ts'

export interface SaleSession {
  readonly id: string
  /** ms since 1970 */
  readonly opensAt: number
  readonly closesAt: number
  readonly stock: number
  readonly unitsPerUser?: number
}

export interface SaleOptions {
  readonly id: string
  /** ms since 1970 (two hours from now) */
  readonly closesAt?: number
  readonly unitsPerUser?: number
  readonly sales: Readonly<
    Record<string, { readonly unitsPerUser?: number; readonly sessions: readonly SaleSession[] }>
  >
}

const hourMs = 3600 * 1000

/** A session that has been open for an hour and stays open for an hour. */
export function openSession(stock: number, id = 'now'): SaleSession {
  return { id, opensAt: Date.now() - hourMs, closesAt: Date.now() + hourMs, stock }
}

/** The definition of a campaign of sales, open from two hours ago for four hours, as an operator would write it. */
export function saleDefinition(options: SaleOptions): { readonly id: string } {
  const { id, unitsPerUser, sales, closesAt = Date.now() + 2 * hourMs } = options
  const iso = (ms: number) => new Date(ms).toISOString()
  const limit = (units: number | undefined) => (units === undefined ? {} : { unitsPerUser: units })
  const definition = {
    id,
    title: `Test sale ${id}`,
    timezone: 'Asia/Shanghai',
    opensAt: iso(Date.now() - 2 * hourMs),
    closesAt: iso(closesAt),
    limits: limit(unitsPerUser),
    activities: Object.entries(sales).map(([sale, item]) => ({
      id: sale,
      kind: 'sale',
      title: `Item ${sale}`,
      listPrice: 399900,
      price: 299900,
      currency: 'CNY',
      ...limit(item.unitsPerUser),
      sessions: item.sessions.map((session) => ({
        ...session,
        opensAt: iso(session.opensAt),
        closesAt: iso(session.closesAt)
      }))
    }))
  }
  return definition
}

/** What such a campaign promises, for the checker. `soldOut`: the sessions that must sell every unit. */
export function promiseOf(options: SaleOptions, soldOut: readonly string[], afterFault = false): SalePromise {
  const sales = Object.entries(options.sales).map(([sale, item]) => {
    const sessions = item.sessions.map(({ id, stock, unitsPerUser }) => {
      const limit = unitsPerUser === undefined ? {} : { unitsPerUser }
      return [id, { stock, ...limit, soldOut: soldOut.includes(id) }] as const
    })
    const limit = item.unitsPerUser === undefined ? {} : { unitsPerUser: item.unitsPerUser }
    return [sale, { ...limit, sessions: Object.fromEntries(sessions) }] as const
  })
  const limit = options.unitsPerUser === undefined ? {} : { unitsPerUser: options.unitsPerUser }
  return { campaign: options.id, ...limit, sales: Object.fromEntries(sales), afterFault }
}
