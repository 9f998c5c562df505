import type { Frame, FrameDecision } from '../journal/frame.ts'

/** The logical key that a scope of `add` or `put` means for this decision. */
export function scopeKey(scope: string, decision: Pick<FrameDecision, 'user' | 'campaign' | 'activity'>): string {
  if (scope === 'u') return `u:${decision.user}`
  if (scope === 'c') return `c:${decision.campaign}`
  if (scope === 'a') return `a:${decision.campaign}:${decision.activity}`
  if (scope === 's') return `s:${decision.campaign}:${decision.activity}`
  return scope
}

/** Decisions that make an order or a win, which their own id names. */
export const makers: Readonly<Record<string, 'order' | 'win'>> = { 'order.accepted': 'order', 'spin.won': 'win' }

/** The field of the user's hash that keeps the record of what a decision is about. */
export function recordField(type: string, entity: string): string {
  return `${type.startsWith('order.') ? 'o' : 'w'}:${entity}`
}

/** `<epoch>-<sequence>` of the order or win that a decision made or moved, '' when it is about none. */
export function entityOfDecision(frame: Pick<Frame, 'epoch'>, decision: FrameDecision): string {
  const moved = decision.order ?? decision.win
  if (moved !== undefined) return moved.slice(moved.indexOf('-') + 1)
  return makers[decision.type] === undefined ? '' : `${frame.epoch}-${decision.seq}`
}

/** Replay field -> record `hash;epoch;sequence;batch;type;at;entity;report`, as lua/lib/frame.lua writes it. */
export function replayRecord(
  parts: {
    readonly hash: string
    readonly epoch: number
    readonly sequence: number
    readonly batch: number
    readonly type: string
    readonly entity: string
    readonly report: string
  },
  atMs: number
): string {
  const { hash, epoch, sequence, batch, type, entity, report } = parts
  // joined, not a template: a text that is put together piece by piece takes twice the memory until somebody reads it
  return [hash, epoch, sequence, batch, type, atMs, entity, report].join(';')
}
