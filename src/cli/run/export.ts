import { once } from 'node:events'
import { createWriteStream, renameSync, rmSync } from 'node:fs'
import type { Writable } from 'node:stream'
import type { Pool } from 'pg'
import { CommandError, systemCodeOf } from '../../base/errors.ts'
import type { Config } from '../../config/config.ts'
import { exportEvents, placeOf } from '../../export/events.ts'
import { exportJournal } from '../../export/journal.ts'
import type { ExportedPage } from '../../export/lines.ts'
import type { GivenArchive } from '../../export/merged.ts'
import { streamNames } from '../../journal/subjects.ts'
import { fileError } from '../../stack/errors.ts'
import { findCampaign } from '../../store/campaigns/campaigns.ts'
import { checkSchema } from '../../store/connection/migrate.ts'
import { archivedCampaigns } from '../../store/reading/archived.ts'
import type { JournalPlace } from '../../store/reading/journal-export.ts'
import { deployedShards } from '../../store/shard/deployment.ts'
import { readArchives } from './read-archives.ts'
import { withDatabase } from './with-database.ts'

/** The command line of `floodgate export`. */
interface ExportCommand {
  readonly what: 'journal' | 'events'
  readonly campaign?: string
  readonly from?: string
  readonly shard?: number
  readonly output?: string
  readonly mask?: boolean
  readonly archive?: readonly string[]
}

const PROGRESS_MS = 1000

/**
 * Writes the journal or its events to a file or the standard output; tells how far it is on the standard error.
 * @throws CommandError when there is no database, no such campaign, no such place, or the file cannot be written
 */
export async function exportCommand(config: Config, command: ExportCommand): Promise<void> {
  const why = 'It names the Postgres database that holds the journal; nothing was written.'
  await withDatabase(config, { command: 'export journal', why }, async (pool) => {
    await checkSchema(pool)
    const shard = command.shard ?? Number(/^\d+(?=-)/.exec(command.from ?? '')?.[0] ?? 0)
    const from = command.from === undefined ? undefined : startOf(command.from, shard)
    await checkShard(pool, shard)
    await checkCampaign(pool, command.campaign)
    const archives = await readArchives(command.archive ?? [], config.NAMESPACE)
    await checkArchived(pool, command.campaign, archives)
    await writeOut(pagesOf(pool, config, { command, shard, from, archives }), command.output)
  })
}

function pagesOf(
  pool: Pool,
  config: Config,
  asked: {
    readonly command: ExportCommand
    readonly shard: number
    readonly from: JournalPlace | undefined
    readonly archives: readonly GivenArchive[]
  }
): AsyncGenerator<ExportedPage> {
  const { command, shard, from, archives } = asked
  const common = { shard, campaign: command.campaign ?? '', from, archives }
  if (command.what === 'events') return exportEvents(pool, { ...common, names: streamNames(config.NAMESPACE) })
  return exportJournal(pool, { ...common, namespace: config.NAMESPACE, mask: command.mask === true, now: Date.now() })
}

function startOf(id: string, shard: number): JournalPlace {
  const place = placeOf(id, shard)
  if (place !== undefined) return place
  throw new CommandError(
    `--from ${JSON.stringify(id)} is not a decision id of shard ${shard}.`,
    'Nothing was written.',
    'Give one such as 0-1795300652-3: the id of an order, a win or an event.'
  )
}

/** A campaign whose decisions have left is exported from its archive, or not at all. */
async function checkArchived(pool: Pool, id: string | undefined, archives: readonly GivenArchive[]): Promise<void> {
  const given = new Set(archives.map(({ sha256 }) => sha256))
  const missing = (await archivedCampaigns(pool, id)).filter(({ sha256 }) => !given.has(sha256))
  if (id === undefined) {
    for (const { campaign, sha256 } of missing)
      process.stderr.write(
        `without ${campaign}: its decisions are in its archive, sha256 ${sha256}; --archive takes it\n`
      )
    return
  }
  const [archived] = missing
  if (archived === undefined) return
  throw new CommandError(
    `${id} is archived, and ${archives.length === 0 ? 'no archive is given' : 'the archive given is another one'}.`,
    `Its decisions are in the archive with the sha256 ${archived.sha256}, of ${archived.at.toISOString()}, and nowhere else.`,
    'Give it: --archive <file>'
  )
}

async function checkShard(pool: Pool, shard: number): Promise<void> {
  const known = await deployedShards(pool)
  if (known.includes(shard)) return
  throw new CommandError(
    `There is no shard ${shard}.`,
    'Nothing was written.',
    `This deployment has ${known.length}; the first is 0.`
  )
}

async function checkCampaign(pool: Pool, id: string | undefined): Promise<void> {
  if (id === undefined || (await findCampaign(pool, id)) !== undefined) return
  throw new CommandError(
    `There is no campaign ${JSON.stringify(id)}.`,
    'Nothing was written.',
    'List them: npx floodgate campaign list --as operator-1'
  )
}

/** A file appears under its name once it is whole: a part of a journal looks like one in which decisions are missing. */
async function writeOut(pages: AsyncGenerator<ExportedPage>, output: string | undefined): Promise<void> {
  if (output === undefined) {
    // a reader that has enough (head) closes the pipe: that is no error
    process.stdout.on('error', (error) => process.exit(systemCodeOf(error) === 'EPIPE' ? 0 : 1))
    tell(await writePages(pages, process.stdout), 'written')
    return
  }
  const part = `${output}.part`
  try {
    const file = createWriteStream(part)
    await once(file, 'open')
    const lines = await writePages(pages, file)
    file.end()
    await once(file, 'close')
    renameSync(part, output)
    tell(lines, `written to ${output}`)
  } catch (error) {
    rmSync(part, { force: true })
    throw exportError(error, output)
  }
}

function exportError(error: unknown, output: string): Error {
  if (systemCodeOf(error) !== 'ENOENT' && systemCodeOf(error) !== 'EISDIR') return fileError(error, output)
  return new CommandError(
    `${output} cannot be written: ${systemCodeOf(error) === 'ENOENT' ? 'its folder is not there' : 'it is a folder'}.`,
    'Nothing was written.',
    'Give a file in a folder that exists.'
  )
}

async function writePages(pages: AsyncGenerator<ExportedPage>, to: Writable): Promise<number> {
  let lines = 0
  let told = Date.now()
  for await (const page of pages) {
    lines += page.lines
    if (page.text !== '' && !to.write(page.text)) await once(to, 'drain')
    if (Date.now() - told < PROGRESS_MS) continue
    told = Date.now()
    tell(lines, 'so far')
  }
  return lines
}

function tell(lines: number, rest: string): void {
  process.stderr.write(`${lines.toLocaleString('en')} lines ${rest}\n`)
}
