import { type Fulfilment, fulfilmentOf } from '../statuses.ts'

/** How far a win is handed over. */
interface FulfilmentReport {
  readonly kind: 'fulfilment'
  /** `<epoch>-<sequence>` of the win */
  readonly win: string
  /** undefined for one that another version knows */
  readonly state: Fulfilment | undefined
  /** how often something was noted of it, this time included */
  readonly nth: number
}

/** Reads `<win>,<state>,<nth>`. */
export function decodeFulfilment(text: string): FulfilmentReport {
  const [win = '', letter = '', nth] = text.split(',')
  return { kind: 'fulfilment', win, state: fulfilmentOf(letter), nth: Number(nth) }
}
