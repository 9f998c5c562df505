const STATUS_MAX = 600

/** Counters of one route, by HTTP status. */
export function createAnswerCounts(): Float64Array {
  return new Float64Array(STATUS_MAX)
}

/** Counts an answer. An array access, because this runs for every request. */
export function countAnswer(counts: Float64Array, status: number): void {
  counts[status] = (counts[status] ?? 0) + 1
}
