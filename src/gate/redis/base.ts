/**
 * What the data of a Redis are: the opening that they belong to, by a token that Postgres stored with "open" (an epoch alone may be
 * given out twice by a Postgres that went back), and how they are laid out in hashes.
 */
export interface Base {
  readonly epoch: number
  readonly token: string
  readonly layout: number
}

/** A base, and the last frame of its opening that the data contain. */
export interface DataPlace extends Base {
  /** 0 and 0 before the first frame of the opening */
  readonly batch: number
  readonly sequence: number
}

/** Up to which decision the replays of a Redis are forgotten; 0 and 0 for none. */
export interface ForgottenPlace {
  readonly epoch: number
  readonly sequence: number
}

/** The text that lua/forget.lua keeps in the shard's hash, under FORGOT. */
export function forgottenText({ epoch, sequence }: ForgottenPlace): string {
  return `${epoch};${sequence}`
}

export const FORGOT = 'forgot'

/** @param text null for none */
export function parseForgotten(text: string | null): ForgottenPlace {
  const [, epoch, sequence] = /^(\d+);(\d+)$/.exec(text ?? '') ?? []
  return { epoch: Number(epoch ?? 0), sequence: Number(sequence ?? 0) }
}

/** How hashes are laid out. Data of another layout are written anew. */
export const LAYOUT = 1

/** The text that lua/lib/base.lua keeps. */
export function baseText({ epoch, token, layout }: Base): string {
  return `${epoch};${token};${layout}`
}

/** The text of a place as lua/page.lua compares it. */
export function placeText(place: DataPlace): string {
  return `${baseText(place)};${place.batch};${place.sequence}`
}

const BASE = /^(\d+);(\w*);(\d+)$/

/** Undefined where the text is no base. */
export function parseBase(text: string): Base | undefined {
  const [, epoch, token = '', layout] = BASE.exec(text) ?? []
  return epoch === undefined ? undefined : { epoch: Number(epoch), token, layout: Number(layout) }
}
