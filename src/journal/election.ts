import { ErrorCode, NatsError } from 'nats'

/**
 * A cluster says nothing about a stream that has no leader. One is elected 4 to 9 s after a server died, and again where the dead
 * one, which the others believe in for a while, is to lead a new stream.
 */
const ELECTION_MS = 12_000

function isUnanswered(error: unknown): boolean {
  return error instanceof NatsError && error.code === ErrorCode.Timeout
}

/**
 * Asks NATS again while it does not answer, for as long as an election takes. A recovery that gave up earlier would begin again with
 * the next epoch, whose stream must elect a leader too: on a busy machine that can go on for minutes.
 * @param ask does the same, however often it is done
 * @throws NatsError as `ask`
 */
export async function throughElection<T>(ask: () => Promise<T>): Promise<T> {
  const until = performance.now() + ELECTION_MS
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (!isUnanswered(error) || performance.now() >= until) throw error
    }
  }
}
