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
