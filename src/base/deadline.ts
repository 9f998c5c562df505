import { UnavailableError } from './errors.ts'

interface Deadline {
  /** who is asked, as logs name them: `Postgres`, `Redis` */
  readonly part: string
  readonly ms: number
}

/** What a part answers. @throws UnavailableError when it fails, with its error as the cause, or takes too long */
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

/** with what else an answer takes, a refusal still comes within a second */
let store: Deadline = { part: 'Postgres', ms: 800 }

/** For tests, whose Postgres may stand still for longer although nothing is wrong. */
export function setStoreDeadline(ms: number): void {
  store = { ...store, ms }
}

/** Waits for Postgres no longer than a client would. @throws UnavailableError when it fails or takes too long */
export function fromStore<Row>(work: Promise<Row>): Promise<Row> {
  return withDeadline(work, store)
}
