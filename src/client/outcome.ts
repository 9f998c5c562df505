import type { Head } from './answers.ts'
import type { Problem, ProblemCode } from './problems.ts'

/** It is done, and stays done. `replayed`: an earlier request with this key did it. */
type Confirmed<Shown> = Head & { replayed: boolean } & Shown

/** Nothing was done, and `code` says why; the same key may be used again. */
export type Refused = {
  [Code in ProblemCode]: { outcome: 'refused'; code: Code; key: string; problem: Problem<Code> }
}[ProblemCode]

/**
 * The deadline passed, or the caller gave up, before anybody could tell: it may be done or not. The same act with this key goes on where
 * this one ended, and is done at most once. `reason`: pending: decided, and not promised yet, or a spin whose prize is not known yet; unreachable: nobody
 * answered; unauthenticated: the token ran out meanwhile; aborted: the signal.
 */
export interface Unknown {
  outcome: 'unknown'
  key: string
  reason: 'pending' | 'unreachable' | 'unauthenticated' | 'aborted'
}

/** How an act ended. */
export type Outcome<Shown> = Confirmed<Shown> | Refused | Unknown

/** A read that failed: refused, if `problem` says why; else nobody answered in time. */
export class ReadError extends Error {
  readonly code: ProblemCode | 'UNREACHABLE'
  readonly problem: Problem | undefined

  constructor(path: string, problem: Problem | undefined) {
    super(`${path}: ${problem === undefined ? 'nobody answered in time; ask again' : problem.detail}`)
    this.name = 'ReadError'
    this.code = problem?.code ?? 'UNREACHABLE'
    this.problem = problem
  }
}
