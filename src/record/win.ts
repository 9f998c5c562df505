import { type WinStatus, winLetter, winStatusOf } from './statuses.ts'

/** Something credited, as the gate noted it: field of the user's hash and amount. */
export interface Given {
  readonly unit: string
  readonly field: string
  readonly amount: number
}

/** A win as Redis and the journal keep it. Times in ms since 1970. */
export interface WinRecord {
  readonly id: string
  readonly status: WinStatus
  /** `<epoch>-<batch>` of the frame that changed it last */
  readonly frame: string
  readonly campaign: string
  readonly draw: string
  readonly prize: string
  /** the sub-prize of a lucky fallback, '' where there is none */
  readonly sub: string
  readonly tier: number
  readonly type: string
  readonly wonAt: number
  readonly claimBy: number | null
  readonly given: readonly Given[]
}

function givenOf(text: string): Given[] {
  if (text === '') return []
  return text.split(',').map((entry) => {
    const [unit = '', field = '', amount] = entry.split(' ')
    return { unit, field, amount: Number(amount) }
  })
}

/**
 * Reads the record that lua/lib/win.lua writes:
 * `status;frame;campaign;draw;prize;sub;tier;type;at;claimBy;given`.
 * @throws Error when the text is not such a record
 */
export function decodeWin(id: string, text: string): WinRecord {
  const parts = text.split(';')
  const status = winStatusOf(parts[0] ?? '')
  if (parts.length !== 11 || status === undefined) throw new Error(`Win ${id} is not readable: ${JSON.stringify(text)}`)
  const [, frame = '', campaign = '', draw = '', prize = '', sub = '', tier, type = '', at, claimBy, given = ''] = parts
  return {
    id,
    status,
    frame,
    campaign,
    draw,
    prize,
    sub,
    tier: Number(tier),
    type,
    wonAt: Number(at),
    claimBy: claimBy === '' ? null : Number(claimBy),
    given: givenOf(given)
  }
}

/** A win as lua/lib/win.lua writes it: the other way round. */
export function encodeWin(win: Omit<WinRecord, 'id'>): string {
  const { status, frame, campaign, draw, prize, sub, tier, type, wonAt, claimBy, given } = win
  const credits = given.map(({ unit, field, amount }) => `${unit} ${field} ${amount}`)
  return [winLetter(status), frame, campaign, draw, prize, sub, tier, type, wonAt, claimBy ?? '', credits.join()].join(
    ';'
  )
}
