import { CommandError } from '../../base/errors.ts'
import { momentOf } from '../../base/moment.ts'
import type { Config } from '../../config/config.ts'
import { signTokens } from '../../http/auth/sign-token.ts'
import { readStackFile } from '../../stack/home.ts'
import { insideUser } from '../../store/connection/user-name.ts'
import { secondsOf } from './time-span.ts'

/** The command line of `floodgate token`. */
interface TokenCommandOptions {
  readonly user?: string
  readonly prefix?: string
  readonly count?: number
  readonly level?: number
  readonly ttl: string
  readonly registeredAt?: string
  readonly device?: string
}

const mostTokens = 1_000_000
const chunk = 1000

/**
 * Prints storefront tokens, one a line.
 * @throws CommandError naming what is wrong with the options, or that there is no secret
 */
export async function tokenCommand(config: Config, options: TokenCommandOptions): Promise<void> {
  const users = usersOf(options)
  const registeredAt = options.registeredAt === undefined ? undefined : unixSeconds(options.registeredAt)
  const claims = {
    secret: secretOf(config),
    issuer: config.TOKEN_ISSUER,
    audience: config.TOKEN_AUDIENCE,
    ttlSeconds: secondsOf('--ttl', options.ttl),
    ...(options.level === undefined ? {} : { level: options.level }),
    ...(options.device === undefined ? {} : { device: options.device }),
    ...(registeredAt === undefined ? {} : { registeredAt })
  }
  // a reader that has enough (head) closes the pipe: that is no error
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  for (let start = 0; start < users.length; start += chunk) {
    const tokens = signTokens({ ...claims, users: users.slice(start, start + chunk) })
    if (!process.stdout.write(`${tokens.join('\n')}\n`))
      await new Promise((resolve) => process.stdout.once('drain', resolve))
  }
}

function usersOf({ user, prefix, count }: TokenCommandOptions): string[] {
  if ((user === undefined) === (prefix === undefined)) {
    throw usage('Give either --user or --prefix.', 'floodgate token --user alice')
  }
  if (user !== undefined && count !== undefined) {
    throw usage('--count goes with --prefix.', 'floodgate token --prefix load- --count 10000')
  }
  const total = count ?? 1
  if (total < 1 || total > mostTokens)
    throw usage(`--count must be 1 to ${mostTokens}.`, 'floodgate token --prefix load- --count 10000')
  const users = user === undefined ? Array.from({ length: total }, (_, index) => `${prefix}${index}`) : [user]
  for (const id of users) requireUser(id)
  return users
}

/** @throws CommandError for what is no user id */
export function requireUser(id: string): void {
  if (insideUser(id) !== undefined) return
  const what = `${JSON.stringify(id)} is not a user id: 1 to 255 bytes without control characters`
  throw usage(what, 'floodgate token --user alice')
}

function unixSeconds(date: string): number {
  const ms = momentOf(/^\d{4}-\d{2}-\d{2}$/.test(date) ? `${date}T00:00:00Z` : date)
  if (ms !== undefined) return Math.floor(ms / 1000)
  throw usage(
    `--registered-at ${JSON.stringify(date)} is no day, and no date and time with its offset.`,
    'floodgate token --user alice --registered-at 2026-11-01'
  )
}

/** The secret that storefront tokens are signed with. @throws CommandError */
export function secretOf(config: Config): string {
  const secret = config.TOKEN_SECRET || readStackFile(config.FLOODGATE_HOME)?.tokenSecret || ''
  if (secret !== '') return secret
  throw new CommandError(
    'There is no secret to sign with.',
    `TOKEN_SECRET is not set, and no stack runs in ${config.FLOODGATE_HOME}.`,
    'Start the stack (npm start), set FLOODGATE_HOME to that of a running one, or set TOKEN_SECRET.'
  )
}

function usage(what: string, example: string): CommandError {
  return new CommandError(what, 'No token was made.', `For example: npx ${example}`)
}
