import { isoTime, isoTimeOrNull } from '../../base/iso-time.ts'
import type { AnyPrize } from '../../campaign/parts/model.ts'
import type { LiveWin } from '../../gate/gate.ts'
import type { WinRecord } from '../../record/win.ts'
import type { StoredFulfilment } from '../../store/reading/fulfilments.ts'
import { type Language, localise } from '../problems/language.ts'
import { creditedView } from './report.ts'
import type { HandedOver, PrizeName, Win, WinState } from './schemas.ts'

/** Finds a prize by campaign, activity and id; undefined if the catalogue does not know it. */
export type FindPrize = (campaign: string, draw: string, prize: string) => AnyPrize | undefined

/** Fields that the claim of a prize must have, by its type. */
const claimFields: Readonly<Record<string, readonly string[]>> = { physical: ['address'], cash: ['account'] }

function claimRequires(type: string): string[] {
  return [...(claimFields[type] ?? [])]
}

/** A prize, with its sub-prize if it has one. */
export function prizeName(prize: AnyPrize, sub: string, language: Language): PrizeName {
  const found = sub === '' ? undefined : prize.subPrizes.find(({ id }) => id === sub)
  return {
    id: prize.id,
    tier: prize.tier,
    title: localise(prize.title, language),
    type: prize.type,
    ...(sub !== '' && { sub: { id: sub, title: found ? localise(found.title, language) : sub } })
  }
}

/** The prize of a win; the title of a prize that the catalogue does not know is its id. */
export function wonPrize(win: WinRecord, prize: AnyPrize | undefined, language: Language): PrizeName {
  if (prize !== undefined) return { ...prizeName(prize, win.sub, language), tier: win.tier, type: win.type }
  const { prize: id, sub, tier, type } = win
  return { id, tier, title: id, type, ...(sub !== '' && { sub: { id: sub, title: sub } }) }
}

export function winState({ id, status, claimBy, type }: WinRecord): WinState {
  return {
    id,
    status,
    claimBy: isoTimeOrNull(claimBy),
    claimRequires: status === 'won' ? claimRequires(type) : []
  }
}

/** What the view of a win needs beside the win: language, prizes, and its code if it has one. */
interface WinContext {
  readonly language: Language
  readonly findPrize: FindPrize
  readonly code?: string | undefined
  /** how far it is handed over, as far as that is known */
  readonly handedOver?: StoredFulfilment | undefined
}

function handedOverView({ state, at, carrier, trackingNumber }: StoredFulfilment): HandedOver {
  return { state, at: isoTime(at.getTime()), carrier, trackingNumber }
}

/** A win as the contract shows it. */
export function winView(win: WinRecord, { language, findPrize, code, handedOver }: WinContext): Win {
  const prize = findPrize(win.campaign, win.draw, win.prize)
  return {
    ...winState(win),
    campaign: win.campaign,
    draw: win.draw,
    prize: wonPrize(win, prize, language),
    given: creditedView(win.given.map(({ unit, amount }) => ({ unit, delta: amount, balance: 0 }))),
    wonAt: isoTime(win.wonAt),
    ...(prize?.instructions !== undefined && { instructions: localise(prize.instructions, language) }),
    ...(code !== undefined && { code }),
    ...(handedOver !== undefined && { fulfilment: handedOverView(handedOver) })
  }
}

/** A win in Redis; the view says if it is not journaled yet, because then it can still vanish. */
export function liveWinView({ win, journaled }: LiveWin, context: WinContext): Win {
  return journaled ? winView(win, context) : { ...winView(win, context), pending: true }
}

/** A win as its owner sees it, with the code by which it can be picked up. */
export function ownWinView(found: LiveWin, context: WinContext): Win {
  const { pickupCode = null } = context.handedOver ?? {}
  return { ...liveWinView(found, context), ...(pickupCode !== null && { pickupCode }) }
}
