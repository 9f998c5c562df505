import { readFileSync } from 'node:fs'
import type { Config } from '../config/config.ts'
import { type AdminClient, type AdminReply, createAdminClient, refusalText } from './admin-client.ts'
import { codeOf, StackError, textOf } from './errors.ts'
import { readStackFile } from './home.ts'
import { localUrl } from './stack.ts'

/** A command line below `floodgate campaign`; `args` holds the campaign, or the file of `put`. */
export interface CampaignCommand {
  readonly name: string
  readonly args: readonly string[]
  readonly options: Readonly<Record<string, unknown>>
}

/** The part of the API that a command posts to. */
const actions: Readonly<Record<string, string>> = {
  submit: 'submission',
  approve: 'approval',
  reject: 'rejection',
  publish: 'publication',
  pause: 'pause',
  resume: 'resumption',
  end: 'end'
}

/**
 * Carries out one command through the admin API and prints the answer as JSON.
 * @throws StackError with the API's own words when it refuses
 */
export async function campaignCommand(config: Config, command: CampaignCommand): Promise<void> {
  const admin = clientFor(config, command)
  const reply = await call(admin, command)
  if (reply.status >= 400) {
    throw new StackError(
      `${command.name} was refused: ${refusalText(reply)}`,
      reply.status >= 500 ? 'The gate or the database is away for the moment.' : 'Nothing was changed.',
      reply.status >= 500 ? 'Look at the campaign, then try again.' : 'Correct it and try again.'
    )
  }
  process.stdout.write(`${JSON.stringify(reply.body ?? null, null, 2)}\n`)
}

function call(admin: AdminClient, { name, args, options }: CampaignCommand): Promise<AdminReply> {
  const [first = ''] = args
  const path = `/campaigns/${encodeURIComponent(first)}`
  const reason = typeof options.reason === 'string' ? { reason: options.reason } : {}
  if (name === 'list') return admin('GET', '/campaigns')
  if (name === 'show') return admin('GET', path)
  if (name === 'put') {
    const definition = readDefinition(first)
    const query = options.dryRun === true ? '?dryRun=true' : ''
    return admin('PUT', `/campaigns/${encodeURIComponent(definition.id)}${query}`, definition)
  }
  const version = args[1] === undefined ? {} : { version: Number(args[1]) }
  return admin('POST', `${path}/${actions[name]}`, { ...version, ...reason })
}

function readDefinition(file: string): { id: string } {
  const bad = (why: string): StackError =>
    new StackError(`${file}: ${why}.`, 'Nothing was sent.', 'Give a file with one campaign definition as JSON.')
  let value: unknown
  try {
    value = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw bad(codeOf(error) === '' ? `not JSON: ${textOf(error)}` : textOf(error))
  }
  if (typeof value !== 'object' || value === null || !('id' in value) || typeof value.id !== 'string') {
    throw bad('a definition needs an id')
  }
  return { ...value, id: value.id }
}

function clientFor(config: Config, { name, options }: CampaignCommand): AdminClient {
  const stack = readStackFile(config.FLOODGATE_HOME)
  const url =
    typeof options.url === 'string' ? options.url : (stack?.adminUrl ?? localUrl(config.ADMIN_HOST, config.ADMIN_PORT))
  const given = typeof options.token === 'string' ? options.token : process.env.ADMIN_TOKEN
  if (given !== undefined && given !== '' && options.as === undefined) return createAdminClient(url, given)
  // the second operator by default where two persons are asked for
  const standard = name === 'approve' || name === 'reject' || name === 'publish' ? 'operator-2' : 'operator-1'
  const operator = typeof options.as === 'string' ? options.as : standard
  const token = stack?.operators[operator]
  if (token !== undefined) return createAdminClient(url, token)
  if (stack === undefined) {
    throw new StackError(
      'There is no admin token.',
      `No stack runs in ${config.FLOODGATE_HOME}, and neither --token nor ADMIN_TOKEN is given.`,
      'Start the stack (npm start), or give --token and --url.'
    )
  }
  throw new StackError(
    `The running stack has no operator ${operator}.`,
    `Its operators are ${Object.keys(stack.operators).join(', ')}.`,
    'Give one of them with --as, or a token with --token.'
  )
}
