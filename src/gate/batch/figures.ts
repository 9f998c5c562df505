import { Buckets } from '../../base/buckets.ts'

const SECONDS = [0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]
const COMMANDS = [1, 2, 4, 8, 16, 32, 64, 128, 256]

/** What the gate of a process counts about its work for all shards: one count a batch or frame, never one a command. */
export class GateFigures {
  /** how many commands a batch carried */
  readonly batchCommands = new Buckets(COMMANDS)
  /** s from sending a batch to Redis to its reply */
  readonly callSeconds = new Buckets(SECONDS)
  /** s from publishing a frame to its ack by the journal */
  readonly ackSeconds = new Buckets(SECONDS)

  /** Counts a batch that Redis answered. @param ms since it was sent */
  answered(commands: number, ms: number): void {
    this.batchCommands.add(commands)
    this.callSeconds.add(ms / 1000)
  }
}
