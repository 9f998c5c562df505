import type pg from 'pg'
import { CommandError } from '../../base/errors.ts'
import type { Config } from '../../config/config.ts'
import { createPool } from '../../store/connection/pool.ts'

interface DatabaseUse {
  /** the command line, as an example without its options: `export journal` */
  readonly command: string
  /** what the database is needed for, as a sentence */
  readonly why: string
}

/** Does the work of a command with one connection. @throws CommandError when no database is named */
export async function withDatabase<Result>(
  config: Config,
  { command, why }: DatabaseUse,
  work: (pool: pg.Pool) => Promise<Result>
): Promise<Result> {
  if (config.DATABASE_URL === '') {
    throw new CommandError(
      'DATABASE_URL is not set, and no stack runs in FLOODGATE_HOME.',
      why,
      `Set it: DATABASE_URL=postgres://user:password@host:5432/database npx floodgate ${command}`
    )
  }
  const pool = createPool(config, { max: 1, name: `floodgate ${command}` })
  try {
    return await work(pool)
  } finally {
    await pool.end()
  }
}
