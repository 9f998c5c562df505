import type { Position } from '../../store/shard/shards.ts'

/** How far a reader of the journal is behind its end. */
interface Behind {
  /** ms since the oldest unread frame was first seen at the end; 0: nothing is left to read */
  readonly lagMs: number
  /** ms since the reader last moved while there was something to read */
  readonly stillMs: number
}

interface Sample {
  readonly end: Position
  readonly at: number
}

/** An hour of samples, one a second; beyond that the oldest is kept and the ones after it are dropped. */
const SAMPLES_MAX = 3600

const reached = (place: Position, end: Position): boolean =>
  place.epoch > end.epoch || (place.epoch === end.epoch && place.sequence >= end.sequence)

/** Measures a reader by the ends that were seen, because a stream says how much it holds, not since when. */
export class Lag {
  #samples: Sample[] = []
  #place: Position | undefined
  #movedAt = Number.NEGATIVE_INFINITY

  /** @param now ms of any steady clock */
  measure(end: Position, place: Position, now: number): Behind {
    this.#samples = this.#samples.filter((sample) => !reached(place, sample.end))
    const last = this.#samples.at(-1)
    // the stream of a new opening is empty at first: then the reader may have read everything
    const isNew = end.sequence > 0 && !reached(place, end) && (last === undefined || !reached(last.end, end))
    if (isNew) this.#samples.push({ end, at: now })
    if (this.#samples.length > SAMPLES_MAX) this.#samples.splice(1, 1)
    const moved =
      this.#place === undefined || place.epoch !== this.#place.epoch || place.sequence !== this.#place.sequence
    if (moved || this.#samples.length === 0) this.#movedAt = now
    this.#place = place
    const [oldest] = this.#samples
    return { lagMs: oldest ? now - oldest.at : 0, stillMs: now - this.#movedAt }
  }
}
