import { createReadStream, existsSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { CommandError, fetchFault, systemCodeOf } from '../../base/errors.ts'
import type { Config } from '../../config/config.ts'
import { type FileEnd, fileLines, readWhole } from '../../export/file-lines.ts'
import { type AdminClient, createAdminClient } from '../../stack/admin-client.ts'
import { fileError } from '../../stack/errors.ts'
import { adminAccess, refusal } from './run.ts'

/** The command line of `floodgate archive`. */
interface ArchiveCommand {
  readonly output: string
  readonly dryRun?: boolean
  readonly reason?: string
  readonly as?: string
  readonly token?: string
  readonly url?: string
}

interface Wait {
  readonly means: string
  readonly left: number
}

/** What the admin API says of a campaign, as far as an archive has to know it. */
interface Campaign {
  readonly state: string
  /** null before the campaign has ended */
  readonly archive: { readonly waitsFor: readonly Wait[]; readonly decisions: number } | null
}

interface Job {
  readonly id: string
  readonly state: 'running' | 'done' | 'failed'
  readonly failed: ReadonlyArray<{ readonly reason: string }>
  readonly shards: ReadonlyArray<{
    readonly shard: number
    readonly step: string
    readonly waitsFor: string
    readonly users: number
    readonly decisions: number
  }>
}

const PROGRESS_MS = 1000
const whole = (count: number) => count.toLocaleString('en')

const tell = (text: string) => void process.stderr.write(`${text}\n`)

/**
 * Archives a campaign: writes the file, reads it back, asks for the campaign to be taken out with the sha256 of the file, and follows that
 * to its end. What was done before by the same command is not done again.
 * @throws CommandError, CommandError; nothing is removed where the file is not whole
 */
export async function archiveCommand(config: Config, campaign: string, command: ArchiveCommand): Promise<void> {
  const access = adminAccess(config, { ...command }, 'operator-1')
  const ask = createAdminClient(access.url, access.token)
  const known = (await answer(ask, 'GET', `/campaigns/${encodeURIComponent(campaign)}`)) as Campaign
  if (command.dryRun === true) {
    process.stdout.write(`${await planText(ask, campaign, known)}\n`)
    return
  }
  const { output } = command
  if (existsSync(output)) tell(`${output} is there already; reading it`)
  else await download({ ...access, campaign }, output)
  const file = await readBack(output, campaign)
  tell(`${output} is whole: ${whole(file.count)} lines, sha256 ${file.sha256}`)
  const body = { reason: command.reason ?? `archived to ${basename(output)}`, sha256: file.sha256 }
  const asked = (await answer(ask, 'POST', `/campaigns/${encodeURIComponent(campaign)}/archive`, body)) as { job: Job }
  await follow(ask, asked.job)
  process.stdout.write(`${campaign} is archived. Keep ${output}: it is the only place where its decisions stand.\n`)
}

async function answer(ask: AdminClient, ...[method, path, body]: Parameters<AdminClient>): Promise<unknown> {
  const reply = await ask(method, path, body)
  if (reply.status >= 400) throw refusal('archive', reply)
  return reply.body
}

async function planText(ask: AdminClient, campaign: string, { state, archive }: Campaign): Promise<string> {
  if (archive === null) return `${campaign} is ${state}: only a campaign that has ended and is settled can be archived.`
  if (state === 'archived') return `${campaign} is archived already.`
  const figures = (await answer(ask, 'GET', `/campaigns/${encodeURIComponent(campaign)}/state`)) as {
    participants: number
  }
  const waits = archive.waitsFor.map(({ means, left }) => `  ${means}${left > 1 ? ` (${whole(left)})` : ''}`)
  return [
    `Archiving ${campaign} would write ${whole(archive.decisions)} decisions to a file and take them out of Postgres,`,
    `and what ${whole(figures.participants)} users have of it out of Redis. Orders, wins, ledger and audit stay; balances of accounts stay.`,
    'It cannot be taken back.',
    ...(waits.length === 0 ? ['It can be done now.'] : ['It cannot be done yet. It waits for:', ...waits])
  ].join('\n')
}

/** The answer of the admin API as a file: under another name until all of it is on the disk and was read back. */
async function download(
  { url, token, campaign }: { readonly url: string; readonly token: string; readonly campaign: string },
  output: string
): Promise<void> {
  const part = `${output}.part`
  const response = await fetch(`${url}/admin/v1/campaigns/${encodeURIComponent(campaign)}/archive`, {
    headers: { authorization: `Bearer ${token}` }
  }).catch((error: unknown) => {
    throw notReached(url, error)
  })
  if (!response.ok || response.body === null) {
    throw refusal('archive', { status: response.status, body: await response.json().catch(() => undefined) })
  }
  try {
    await writeAll(response.body, part, (bytes) => tell(`${whole(bytes)} bytes so far`))
    await readBack(part, campaign)
    await rename(part, output)
    await syncFolder(output)
  } catch (error) {
    await rm(part, { force: true })
    if (error instanceof TypeError) throw notReached(url, error)
    throw systemCodeOf(error) === '' ? error : fileError(error, output)
  }
}

function notReached(url: string, error: unknown): CommandError {
  return new CommandError(
    `The gateway's admin API at ${url} did not give the archive to its end: ${fetchFault(error)}.`,
    'No file was written, and nothing was removed.',
    'Check that the gateway runs (npx floodgate doctor), and give the command again.'
  )
}

async function writeAll(body: AsyncIterable<Uint8Array>, path: string, told: (bytes: number) => void): Promise<void> {
  const file = await open(path, 'w')
  try {
    let bytes = 0
    let last = Date.now()
    for await (const chunk of body) {
      await file.writeFile(chunk)
      bytes += chunk.length
      if (Date.now() - last < PROGRESS_MS) continue
      last = Date.now()
      told(bytes)
    }
    await file.sync()
  } finally {
    await file.close()
  }
}

/** The name of a file is on the disk once its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path))
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** @throws CommandError when it is not whole, or of something else */
async function readBack(path: string, campaign: string): Promise<FileEnd> {
  const end = await readWhole(fileLines(createReadStream(path), path), path)
  const { header } = end
  if (header.campaign === campaign && header.exportedAt === undefined) return end
  const what = header.exportedAt === undefined ? `the archive of ${header.campaign}` : 'an export, not an archive'
  throw new CommandError(
    `${path} is ${what}.`,
    'Nothing was removed.',
    `Give another name with --output: the archive of ${campaign} is written to it.`
  )
}

const linesOf = ({ shards }: Job) =>
  shards.map(({ shard, step, waitsFor, users, decisions }) => {
    const done = `${whole(users)} users out of Redis, ${whole(decisions)} decisions out of Postgres`
    return `shard ${shard}: ${step}, ${done}${waitsFor === '' ? '' : `; it waits for ${waitsFor}`}`
  })

/** Tells how far a job is until it is over. */
async function follow(ask: AdminClient, asked: Job): Promise<void> {
  let job = asked
  let told: readonly string[] = []
  for (;;) {
    const lines = linesOf(job)
    for (const [at, line] of lines.entries()) if (line !== told[at]) tell(line)
    told = lines
    if (job.state === 'done') return
    if (job.state === 'failed') {
      throw new CommandError(
        `The archive stopped: ${job.failed.map(({ reason }) => reason).join('; ')}`,
        'Nothing was removed.',
        'Do what it says. A file that is not the right one any more is moved away, and the command given again.'
      )
    }
    await delay(PROGRESS_MS)
    job = (await answer(ask, 'GET', `/jobs/${encodeURIComponent(job.id)}`)) as Job
  }
}
