import { isPart } from '../../../record/decisions.ts'
import { endedBy } from '../../../record/replay.ts'
import type { RowKind } from './row-kind.ts'

/** Spins that are drawn, and what ends them: most spins are neither, and make no row. */
export const spins: RowKind = {
  check() {},
  add(rows, { row }) {
    const { epoch, sequence, key, type } = row
    if (isPart(type)) {
      const { campaign: campaign_id, activity: activity_id, user: user_id, at: drawn_at } = row
      rows.spins.drawn.push({ epoch, sequence, campaign_id, activity_id, user_id, drawn_at })
    }
    const [, drawnIn, drawn] = endedBy(key)?.split('-') ?? []
    if (drawn !== undefined) rows.spins.ended.push({ epoch: Number(drawnIn), sequence: Number(drawn) })
  }
}
