import { randomBytes } from 'node:crypto'
import { userInfo } from 'node:os'
import type pg from 'pg'
import { CommandError } from '../../base/errors.ts'
import { ID_PATTERN } from '../../base/shapes.ts'
import type { Config } from '../../config/config.ts'
import { checkSchema } from '../../store/connection/migrate.ts'
import {
  addOperator,
  howToAdd,
  listOperators,
  type OperatorRole,
  type OperatorRow,
  operatorRoles,
  revokeOperator,
  rotateOperator,
  serviceScopes
} from '../../store/operators/operators.ts'
import { secondsOf } from './time-span.ts'
import { withDatabase } from './with-database.ts'

/** A command line below `floodgate operator`; `list` has no name. */
export interface OperatorCommand {
  readonly command: 'add' | 'list' | 'rotate' | 'revoke'
  readonly name?: string | undefined
  readonly role?: string | undefined
  readonly scope?: readonly string[] | undefined
  /** such as 90d */
  readonly expires?: string | undefined
  readonly reason?: string | undefined
  readonly json?: boolean | undefined
}

const NAME = new RegExp(ID_PATTERN)
const TOKEN_BYTES = 32
const STOPS = 'It stops working within 10 seconds at every gateway.'

/**
 * Makes, lists and shuts out those who use the admin port, in Postgres: it is how the first one comes to be.
 * @throws CommandError naming what is wrong with the command line, or that there is no such operator
 */
export async function operatorCommand(config: Config, command: OperatorCommand): Promise<void> {
  await withDatabase(config, { command: 'operator list', why: 'Operators are kept in Postgres.' }, async (pool) => {
    await checkSchema(pool)
    process.stdout.write(await run(pool, command))
  })
}

async function run(pool: pg.Pool, command: OperatorCommand): Promise<string> {
  if (command.command === 'list') return listText(await listOperators(pool), command.json === true)
  const { name = '', reason } = command
  if (!NAME.test(name)) throw usage(`${JSON.stringify(name)} is no name: 1 to 32 of a-z 0-9 -, not beginning with -.`)
  const by = { by: `cli:${userInfo().username}`, reason }
  if (command.command === 'revoke') {
    const revoked = await revokeOperator(pool, name, by)
    if (revoked === undefined) throw unknown(name)
    return command.json === true ? json(view(revoked)) : `${name} is revoked. ${STOPS}\n`
  }
  const token = randomBytes(TOKEN_BYTES).toString('base64url')
  const expiresAt =
    command.expires === undefined ? undefined : new Date(Date.now() + secondsOf('--expires', command.expires) * 1000)
  if (command.command === 'rotate') {
    const rotated = await rotateOperator(pool, { name, token, expiresAt }, by)
    if (rotated === undefined) throw unknown(name, ' If it has expired, say until when: --expires 90d.')
    return tokenText(rotated, token, command)
  }
  const added = await addOperator(pool, { name, token, expiresAt, ...rightsOf(command) }, by)
  if (added !== undefined) return tokenText(added, token, command)
  throw new CommandError(
    `There is an operator ${name}.`,
    'Nothing was changed.',
    `For a new token: npx floodgate operator rotate ${name}. For other rights: revoke it first, then add it again.`
  )
}

/** Role and scopes of the command line. @throws CommandError for what is no role, no scope, or does not go together */
function rightsOf({ role = '', scope = [] }: OperatorCommand): { role: OperatorRole; scopes: readonly string[] } {
  const known = operatorRoles.find((name) => name === role)
  if (known === undefined) throw usage(`--role must be one of ${operatorRoles.join(', ')}.`)
  const wrong = scope.filter((name) => !serviceScopes.some((one) => one === name))
  if (wrong.length > 0) throw usage(`${wrong.join(', ')}: no such scope. Scopes are ${serviceScopes.join(', ')}.`)
  if (known === 'service' && scope.length === 0) throw usage('A service needs at least one --scope.')
  if (known !== 'service' && scope.length > 0) throw usage(`--scope goes with --role service; ${known} says it all.`)
  return { role: known, scopes: [...new Set(scope)] }
}

function usage(what: string): CommandError {
  return new CommandError(
    what,
    'Nothing was changed.',
    'For example: npx floodgate operator add ada --role admin, or: npx floodgate operator add shop --role service --scope orders:payment'
  )
}

function unknown(name: string, more = ''): CommandError {
  return new CommandError(
    `There is no operator ${name} whose token works.`,
    'Nothing was changed.',
    `Those that there are: npx floodgate operator list.${more}`
  )
}

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`

/** The token stands alone on the standard output, so that `TOKEN=$(floodgate operator add ...)` works. */
function tokenText(operator: OperatorRow, token: string, { command, json: asJson }: OperatorCommand): string {
  if (asJson === true) return json({ ...view(operator), token })
  const until = operator.expiresAt === null ? 'until it is revoked' : `until ${operator.expiresAt.toISOString()}`
  const before = command === 'rotate' ? ' The one before stops within 10 seconds at every gateway.' : ''
  process.stderr.write(
    `Admin token of ${operator.name} (${operator.role}), valid ${until}. It is shown this once: only its SHA-256 is kept.${before}\n`
  )
  return `${token}\n`
}

function stateOf({ revokedAt, expiresAt }: OperatorRow): string {
  if (revokedAt !== null) return 'revoked'
  return expiresAt !== null && expiresAt.getTime() <= Date.now() ? 'expired' : 'works'
}

const view = (operator: OperatorRow) => ({ ...operator, state: stateOf(operator) })

function listText(operators: readonly OperatorRow[], asJson: boolean): string {
  if (asJson) return json(operators.map(view))
  if (operators.length === 0) return `There is no operator. ${howToAdd}\n`
  const rows = operators.map((operator) => {
    const { name, role, scopes, expiresAt } = operator
    const until = expiresAt === null ? '' : `until ${expiresAt.toISOString()}`
    return [name.padEnd(32), role.padEnd(8), stateOf(operator).padEnd(7), until, scopes.join(',')].join(' ').trimEnd()
  })
  return `${rows.join('\n')}\n`
}
