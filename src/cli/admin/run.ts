import { readFileSync } from 'node:fs'
import { CommandError, messageOf, systemCodeOf } from '../../base/errors.ts'
import type { Config } from '../../config/config.ts'
import {
  type AdminClient,
  type AdminMethod,
  type AdminReply,
  createAdminClient,
  refusalText
} from '../../stack/admin-client.ts'
import { readStackFile } from '../../stack/home.ts'
import { localUrl } from '../../stack/stack.ts'
import type { AdminCommand, CommandOption } from './command.ts'
import { readable } from './readable.ts'

/** A command line: its row of the table, its arguments in order, its options by name. */
export interface AdminCommandLine {
  readonly command: AdminCommand
  readonly args: readonly string[]
  readonly options: Readonly<Record<string, unknown>>
}

const UPLOAD_MS = 15 * 60_000

/**
 * Carries out one command through the admin API.
 * @returns the answer for the terminal
 * @throws CommandError with the API's own words when it refuses
 */
export async function adminCommand(config: Config, line: AdminCommandLine): Promise<string> {
  const { command, options } = line
  const { method, path, body } = requestOf(line)
  const reply = await clientFor(config, line)(method, path, body)
  if (reply.status >= 400) throw refusal(`${command.group} ${command.name}`, reply)
  return options.json === true ? `${JSON.stringify(reply.body ?? null, null, 2)}\n` : readable(reply.body)
}

/** What a refusal of the admin API means to whoever gave the command. */
export function refusal(what: string, reply: AdminReply): CommandError {
  const { body } = reply
  const isLost = typeof body === 'object' && body !== null && 'code' in body && body.code === 'UNKNOWN_OUTCOME'
  const said = `${what} ${isLost ? 'has no known outcome' : 'was refused'}: ${refusalText(reply)}`
  if (reply.status >= 500) {
    const remedy = 'Try again with the same --key, or look first what became of it.'
    return new CommandError(said, 'The gate or the database is away for the moment.', remedy)
  }
  const isDue = typeof body === 'object' && body !== null && 'refundDue' in body && body.refundDue !== null
  if (!isDue) return new CommandError(said, 'Nothing was changed.', 'Correct it and try again.')
  const noted = 'The order is as it was. That the money came is noted, and told as order.refund-due.'
  return new CommandError(said, noted, 'Pay it back under its reference.')
}

/** The request that a command line stands for. @throws CommandError for a file or an option that cannot be read */
export function requestOf(line: AdminCommandLine): { method: AdminMethod; path: string; body?: unknown } {
  const { command, options } = line
  const [method = '', template = ''] = command.route.split(' ')
  const given = argumentsOf(line)
  const content = command.file === undefined ? undefined : fileOf(command.file, given.get('file') ?? '')
  if (content?.id !== undefined) given.set('id', content.id)
  const path = pathOf(template, given)
  const members: Record<string, unknown> = { ...command.fixed }
  for (const [name, text] of given) {
    const isUsed = name === 'file' || name === 'id' || template.includes(`{${name}}`)
    if (!isUsed) members[name] = name === 'version' ? Number(text) : text
  }
  for (const option of command.options ?? []) {
    const text = options[memberOf(option)]
    if (typeof text === 'string') members[memberOf(option)] = option.as === 'json' ? jsonOf(option, text) : text
  }
  if (typeof options.reason === 'string' && method !== 'GET') members.reason = options.reason
  const hasBody = method === 'POST' || method === 'PATCH'
  const body = content === undefined ? members : content.body
  const sent = { method: method as AdminMethod, body }
  if (hasBody && content === undefined) return { ...sent, path }
  const query = new URLSearchParams(
    Object.entries(members).map(([name, member]): [string, string] => [name, String(member)])
  ).toString()
  const full = query === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${query}`
  return content === undefined ? { method: sent.method, path: full } : { ...sent, path: full }
}

/** `--add-stock <n>` is `addStock`. */
function memberOf({ flags }: CommandOption): string {
  const [, words = ''] = /^--(\S+)/.exec(flags) ?? []
  return words.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
}

function argumentsOf({ command, args }: AdminCommandLine): Map<string, string> {
  const names = [...command.args.matchAll(/[<[](\w+)[>\]]/g)].map(([, name = '']) => name)
  return new Map(names.flatMap((name, index) => (args[index] === undefined ? [] : [[name, args[index]] as const])))
}

function pathOf(template: string, given: ReadonlyMap<string, string>): string {
  const whole = template.replace(/\[(.*)\]/, (_, part: string) => {
    const [, name = ''] = /\{(\w+)\}/.exec(part) ?? []
    return given.has(name) ? part : ''
  })
  return whole.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(given.get(name) ?? ''))
}

function jsonOf({ flags }: CommandOption, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new CommandError(
      `${flags}: ${JSON.stringify(text)} is not readable.`,
      'Nothing was sent.',
      'Give a number, true or false, or JSON.'
    )
  }
}

function fileOf(kind: NonNullable<AdminCommand['file']>, file: string): { body: unknown; id?: string } {
  const bad = (why: string): CommandError =>
    new CommandError(`${file}: ${why}.`, 'Nothing was sent.', `Give a file with one ${kind} as JSON.`)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (systemCodeOf(error) === '') throw error
    throw new CommandError(`${file}: ${messageOf(error)}.`, 'Nothing was sent.', 'Give a file that can be read.')
  }
  if (kind === 'lines') return { body: text }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw bad(`not JSON: ${messageOf(error)}`)
  }
  if (kind === 'document') return { body: value }
  if (typeof value !== 'object' || value === null || !('id' in value) || typeof value.id !== 'string') {
    throw bad('a definition needs an id')
  }
  return { body: value, id: value.id }
}

/** @param key of its changes, in place of the one of the command line */
export function clientFor(config: Config, { command, options }: AdminCommandLine, key = options.key): AdminClient {
  const how = {
    ...(typeof key === 'string' && { key }),
    ...(command.file === 'lines' && { answerMs: UPLOAD_MS })
  }
  // the second operator by default where two persons are asked for
  const { url, token } = adminAccess(config, options, command.isReview === true ? 'operator-2' : 'operator-1')
  return createAdminClient(url, token, how)
}

/**
 * Where the admin API is, and who asks.
 * @param options url, token and as of a command line
 * @throws CommandError where no token is known
 */
export function adminAccess(
  config: Config,
  options: Readonly<Record<string, unknown>>,
  standard: string
): { readonly url: string; readonly token: string } {
  const stack = readStackFile(config.FLOODGATE_HOME)
  const url =
    typeof options.url === 'string' ? options.url : (stack?.adminUrl ?? localUrl(config.ADMIN_HOST, config.ADMIN_PORT))
  const given = typeof options.token === 'string' ? options.token : process.env.ADMIN_TOKEN
  if (given !== undefined && given !== '' && options.as === undefined) return { url, token: given }
  const operator = typeof options.as === 'string' ? options.as : standard
  const token = stack?.operators[operator]
  if (token !== undefined) return { url, token }
  if (stack === undefined) {
    throw new CommandError(
      'There is no admin token.',
      `No stack runs in ${config.FLOODGATE_HOME}, and neither --token nor ADMIN_TOKEN is given.`,
      'Start the stack (npm start), or set ADMIN_TOKEN to what "npx floodgate operator add" printed, and give --url.'
    )
  }
  throw new CommandError(
    `The running stack has no operator ${operator}.`,
    `Its operators are ${Object.keys(stack.operators).join(', ')}.`,
    'Give one of them with --as, or a token with --token.'
  )
}
