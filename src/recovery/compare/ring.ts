import { RING, ringField, userField } from '../../record/fields.ts'
import { isReplay } from '../../record/replay.ts'

interface Replay {
  readonly field: string
  readonly epoch: number
  readonly sequence: number
}

/** The ring of a user's newest decisions, as `d` counts them: each field with the replay field that it names. */
export function ringOf(fields: ReadonlyMap<string, string>): Array<readonly [string, string]> {
  const count = Number(fields.get(userField.decisions) ?? 0)
  const byPlace = new Map<string, Replay>()
  for (const [field, record] of fields) {
    const [, epoch = '', sequence = ''] = record.split(';')
    if (isReplay(field))
      byPlace.set(`${epoch};${sequence}`, { field, epoch: Number(epoch), sequence: Number(sequence) })
  }
  const newest = [...byPlace.values()].sort((a, b) => b.epoch - a.epoch || b.sequence - a.sequence)
  return newest.slice(0, Math.min(RING, count)).map(({ field }, older) => [ringField(count - older), field])
}
