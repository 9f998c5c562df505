import { UnavailableError } from './errors.ts'

/** with what else an answer takes, a refusal still comes within a second */
let deadlineMs = 800

/** For tests, whose Postgres may stand still for longer although nothing is wrong. */
export function setStoreDeadline(ms: number): void {
  deadlineMs = ms
}

/** Waits for Postgres no longer than a client would. @throws UnavailableError when it fails or takes too long */
export function fromStore<Row>(work: Promise<Row>): Promise<Row> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new UnavailableError('Postgres did not answer in time')), deadlineMs)
    work
      .then(resolve, (error: unknown) => reject(new UnavailableError('Postgres did not answer', { cause: error })))
      .finally(() => clearTimeout(timer))
  })
}
