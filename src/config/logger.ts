import { type Logger, pino } from 'pino'
import type { Config } from './config.ts'

/** how much of the log is kept while its disk is full; then lines are lost, and the process goes on */
const waitingBytes = 1 << 20
const STANDARD_OUTPUT = 1

/**
 * The log of a process: JSON lines on standard output, without tokens and without bodies. A log that cannot be written (a
 * full disk, a reader that has ended) never ends the process: a gateway that sells is worth more than its log.
 */
export function createLogger({ LOG_LEVEL }: Pick<Config, 'LOG_LEVEL'>, name: string): Logger {
  const output = pino.destination({ dest: STANDARD_OUTPUT, sync: true, maxLength: waitingBytes })
  output.on('error', () => undefined)
  return pino(
    {
      name,
      level: LOG_LEVEL,
      redact: {
        paths: [
          'authorization',
          '*.authorization',
          'headers.authorization',
          'req.headers.authorization',
          '*.token',
          'token',
          '*.body',
          'body'
        ],
        censor: '[hidden]'
      }
    },
    output
  )
}

/** Warnings of Node and of libraries go to the same disk as the log; a failed write of them must not end the process either. */
export function outliveFullDisk(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
}
