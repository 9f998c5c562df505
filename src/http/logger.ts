import { type Logger, pino } from 'pino'
import type { Config } from '../config/config.ts'

/** The log of a process: JSON lines on standard output, without tokens and without bodies. */
export function createLogger(config: Config, name: string): Logger {
  return pino({
    name,
    level: config.LOG_LEVEL,
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
  })
}
