import { UnavailableError } from './gate.ts'

/** with what else an answer takes, a refusal still comes within a second */
const STORE_DEADLINE_MS = 800

/** Waits for Postgres no longer than a client would. @throws UnavailableError when it fails or takes too long */
export function fromStore<Row>(work: Promise<Row>): Promise<Row> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new UnavailableError('Postgres did not answer in time')), STORE_DEADLINE_MS)
    work
      .then(resolve, (error: unknown) => reject(new UnavailableError('Postgres did not answer', { cause: error })))
      .finally(() => clearTimeout(timer))
  })
}
