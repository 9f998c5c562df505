import { createSha256 } from './sha256.ts'

/** What a gateway asks for a ticket. */
export interface Challenge {
  /** goes back with the solution */
  token: string
  algorithm: 'sha256'
  nonce: string
  /** how many numbers are asked for */
  puzzles: number
  /** how many hashes a puzzle takes on average */
  difficulty: number
  expiresAt: string
}

/** Numbers to try for a puzzle. */
interface Trial {
  readonly nonce: string
  readonly puzzle: number
  readonly difficulty: number
  readonly from: number
  readonly count: number
}

/** How long the page may stand still for it, in ms. */
const SLICE_MS = 10
const TRIALS = 500

/** @returns a function that tries numbers, and gives the first that solves the puzzle, or -1. It is sent to a Worker as text, so it names nothing but its arguments */
function createSearch(createHash: typeof createSha256): (trial: Trial) => number {
  const hash = createHash()
  return ({ nonce, puzzle, difficulty, from, count }) => {
    const text = new TextEncoder().encode(nonce)
    const end = text.length + 5
    const bytes = new Uint8Array(end)
    bytes.set(text)
    const bound = 2 ** 32 / difficulty
    bytes[end - 5] = puzzle
    for (let value = from; value < from + count; value += 1) {
      bytes[end - 4] = value >>> 24
      bytes[end - 3] = value >>> 16
      bytes[end - 2] = value >>> 8
      bytes[end - 1] = value
      if ((hash(bytes)[0] ?? 0) < bound) return value
    }
    return -1
  }
}

async function searchInSlices(challenge: Challenge, signal: AbortSignal | undefined): Promise<number[]> {
  const search = createSearch(createSha256)
  const solution: number[] = []
  let from = 0
  while (solution.length < challenge.puzzles) {
    const until = performance.now() + SLICE_MS
    while (solution.length < challenge.puzzles && performance.now() < until) {
      const value = search({ ...challenge, puzzle: solution.length, from, count: TRIALS })
      from = value < 0 ? from + TRIALS : 0
      if (value >= 0) solution.push(value)
    }
    await new Promise((resolve) => setTimeout(resolve))
    signal?.throwIfAborted()
  }
  return solution
}

/** The part of a Worker that is used. */
interface Helper {
  onmessage: ((message: { data: number[] }) => void) | null
  onerror: (() => void) | null
  postMessage(challenge: Challenge): void
  terminate(): void
}

const HELPER = `const search = (${createSearch})(${createSha256})
onmessage = ({ data }) => {
  const solution = []
  for (let puzzle = 0; puzzle < data.puzzles; puzzle += 1)
    solution.push(search({ ...data, puzzle, from: 0, count: 2 ** 32 }))
  postMessage(solution)
}`

/** Has a Worker do it, so that the page does not notice. Rejects where there is none, or the page's policy allows none. */
async function searchBeside(challenge: Challenge, signal: AbortSignal | undefined): Promise<number[]> {
  const { Worker } = globalThis as { Worker?: new (url: string) => Helper }
  if (Worker === undefined) throw new Error('There are no Workers here.')
  const url = URL.createObjectURL(new Blob([HELPER], { type: 'text/javascript' }))
  let helper: Helper | undefined
  try {
    return await new Promise((resolve, reject) => {
      helper = new Worker(url)
      helper.onmessage = ({ data }) => resolve(data)
      helper.onerror = () => reject(new Error('The Worker could not start.'))
      signal?.addEventListener('abort', () => reject(signal.reason))
      helper.postMessage(challenge)
    })
  } finally {
    helper?.terminate()
    URL.revokeObjectURL(url)
  }
}

/** The solution of a challenge, found by trying. @throws what the signal was aborted with; TypeError for a challenge of another kind */
export async function solvePuzzles(challenge: Challenge, signal?: AbortSignal): Promise<number[]> {
  if (challenge.algorithm !== 'sha256')
    throw new TypeError(`A challenge ${challenge.algorithm} is not solved by computing.`)
  signal?.throwIfAborted()
  return searchBeside(challenge, signal).catch(() => searchInSlices(challenge, signal))
}
