import { UnavailableError } from './errors.ts'

interface Deadline {
  /** who is asked, as logs name them: `Postgres`, `Redis` */
  readonly part: string
  readonly ms: number
}

/** Waits for an answer within a deadline. @throws UnavailableError when the work fails, with its error as the cause, or takes too long */
export function withDeadline<Answer>(work: Promise<Answer>, { part, ms }: Deadline): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new UnavailableError(`${part} did not answer in time`)), ms)
    work.then(
      (answer) => {
        clearTimeout(timer)
        resolve(answer)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(new UnavailableError(`${part} did not answer`, { cause: error }))
      }
    )
  })
}

/** chosen so that a refusal, with the rest of its answer, still comes within a second */
let store: Deadline = { part: 'Postgres', ms: 800 }

/** For tests, in which Postgres may pause for longer although nothing is wrong. */
export function setStoreDeadline(ms: number): void {
  store = { ...store, ms }
}

/** Waits for Postgres no longer than a client would wait. @throws UnavailableError when it fails or takes too long */
export function fromStore<Row>(work: Promise<Row>): Promise<Row> {
  return withDeadline(work, store)
}
