import { writeFileSync } from 'node:fs'
import { extname } from 'node:path'
import { CommandError, fetchFault } from '../../base/errors.ts'
import type { Config } from '../../config/config.ts'
import { createAdminClient } from '../../stack/admin-client.ts'
import { fileError } from '../../stack/errors.ts'
import { adminAccess, refusal } from './run.ts'

const FORMATS = ['json', 'csv', 'html']
const REPORT_MS = 90_000

/** The command line of `floodgate report`. */
interface ReportCommand {
  readonly format?: string
  readonly output?: string
  readonly reportVersion?: string
  readonly compareWith?: string
  readonly final?: boolean
  readonly language?: string
  readonly reason?: string
  readonly as?: string
  readonly token?: string
  readonly url?: string
}

/** @throws CommandError for a format that there is not */
function formatOf({ format, output }: ReportCommand): string {
  const found = format ?? (output === undefined ? 'csv' : extname(output).slice(1))
  if (FORMATS.includes(found)) return found
  const remedy = `Give --format ${FORMATS.join(', ')}, or a file with that ending.`
  throw new CommandError(`There is no report as ${JSON.stringify(found)}.`, 'Nothing was asked for.', remedy)
}

/**
 * Writes the report of a campaign to a file or to the terminal; with --final it is stored first.
 * @throws CommandError with the API's own words when it refuses
 */
export async function reportCommand(config: Config, campaign: string, command: ReportCommand): Promise<void> {
  const format = formatOf(command)
  const access = adminAccess(config, { ...command }, 'operator-1')
  const path = `/campaigns/${encodeURIComponent(campaign)}/report`
  let version = command.reportVersion
  if (command.final === true) {
    const body = { final: true, ...(command.reason === undefined ? {} : { reason: command.reason }) }
    const reply = await createAdminClient(access.url, access.token, { answerMs: REPORT_MS })('POST', path, body)
    if (reply.status >= 400) throw refusal('report --final', reply)
    version = String((reply.body as { version: number }).version)
    process.stderr.write(`stored as version ${version}, which never changes\n`)
  }
  const query = new URLSearchParams({ format })
  if (version !== undefined) query.set('version', version)
  if (command.compareWith !== undefined) query.set('compareWith', command.compareWith)
  const text = await read(access, `${path}?${query}`, command.language ?? 'en')
  if (command.output === undefined) {
    process.stdout.write(text)
    return
  }
  try {
    writeFileSync(command.output, text)
  } catch (error) {
    throw fileError(error, command.output)
  }
  process.stderr.write(`${command.output} is written\n`)
}

async function read({ url, token }: { url: string; token: string }, path: string, language: string): Promise<string> {
  const headers = { authorization: `Bearer ${token}`, 'accept-language': language }
  const answer = await fetch(`${url}/admin/v1${path}`, { headers, signal: AbortSignal.timeout(REPORT_MS) }).catch(
    (error: unknown) => {
      const remedy = 'Look whether the gateway runs (floodgate doctor), and try again.'
      throw new CommandError(`The admin API gave no report: ${fetchFault(error)}.`, 'Nothing was written.', remedy)
    }
  )
  const text = await answer.text()
  if (answer.ok) return text
  throw refusal('report', { status: answer.status, body: asJson(text) })
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
