import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { CommandError, messageOf, systemCodeOf } from '../../base/errors.ts'
import { fileLines } from '../../export/file-lines.ts'
import { withArchives } from '../../export/with-archives.ts'
import type { DrawReport } from '../../verify/draw-report.ts'
import { DrawVerifier, type FoundDifference, type Verdict } from '../../verify/draw-verifier.ts'
import type { JournalHeader } from '../../verify/journal-line.ts'
import { readArchives } from './read-archives.ts'

/** The command line of `floodgate verify-draw`. */
interface VerifyCommand {
  readonly campaign: string
  readonly draw: string
  readonly seed?: string
  readonly commitment?: string
  readonly acceptMissing?: boolean
  readonly archive?: readonly string[]
}

const MOST_GAPS = 5
const whole = (count: number) => count.toLocaleString('en')
const some = (count: number, what: string) => `${whole(count)} ${what}${count === 1 ? '' : 's'}`

/**
 * Recomputes a draw from exported journals, one of each shard, and prints a report of each, or its first difference.
 * @param files `-` for the standard input
 * @returns the exit code: 0 when every spin is as it must be, 1 otherwise
 * @throws CommandError when a file cannot be read or two are of one shard, CommandError when one proves nothing
 */
export async function verifyCommand(files: readonly string[], command: VerifyCommand): Promise<number> {
  const options = {
    campaign: command.campaign,
    draw: command.draw,
    seed: hexOf('--seed', command.seed),
    commitment: hexOf('--commitment', command.commitment),
    acceptMissing: command.acceptMissing === true
  }
  const archives = await readArchives(command.archive ?? [])
  const paths = archives.filter(({ campaign }) => campaign !== command.campaign).map(({ path }) => path)
  const name = `${command.campaign}/${command.draw}`
  const shards = new Set<number>()
  let code = 0
  for (const file of files) {
    const verdict = await verified(new DrawVerifier(options), file, paths)
    process.stdout.write(`${(verdict.ok ? goodText(name, verdict) : badText(name, verdict.difference)).join('\n')}\n`)
    if (!verdict.ok) code = 1
    else if (shards.size === shards.add(verdict.header.shard).size) throw twice(file, verdict.header.shard)
  }
  return code
}

const twice = (file: string, shard: number) =>
  new CommandError(
    `${file} is of shard ${shard}, as a file before it.`,
    'What was told of the files before it stands.',
    'Export the journal of each shard: floodgate export journal --shard <number>'
  )

function hexOf(option: string, text: string | undefined): string | undefined {
  if (text === undefined || /^[\da-f]{64}$/i.test(text)) return text?.toLowerCase()
  throw new CommandError(
    `${option} is not 64 hex digits.`,
    'Nothing was verified.',
    'Give it as the campaign shows it, for instance from GET /v1/campaigns/<campaign>.'
  )
}

async function verified(verifier: DrawVerifier, file: string, archives: readonly string[]): Promise<Verdict> {
  const input: Readable = file === '-' ? process.stdin : createReadStream(file)
  try {
    for await (const line of withArchives(fileLines(input, file), archives))
      if (!(typeof line === 'string' ? verifier.add(line) : verifier.addOther(line))) break
    return verifier.finish()
  } catch (error) {
    if (systemCodeOf(error) === '') throw error
    throw new CommandError(
      `${file} cannot be read: ${messageOf(error)}.`,
      'Nothing was verified.',
      'Give the file that floodgate export journal --output or floodgate archive wrote.'
    )
  } finally {
    input.destroy()
  }
}

function row(name: string, value: string): string {
  return `  ${name.padEnd(12)}${value}`
}

function counts(of: ReadonlyMap<string, number>): string {
  const sorted = [...of].sort(([a], [b]) => (a < b ? -1 : 1))
  return sorted.map(([name, count]) => `${name} ${whole(count)}`).join(', ') || 'none'
}

function originOf({ shard, campaign, exportedAt }: JournalHeader): string {
  return exportedAt === undefined ? `archive of ${campaign}` : `shard ${shard}, exported at ${exportedAt}`
}

function goodText(name: string, verdict: Extract<Verdict, { ok: true }>): string[] {
  const { header, report } = verdict
  const { spins, users, first, last, prizes, reasons, revoked, drawn } = report
  return [
    `Draw ${name}: every spin is as it must be.`,
    row('journal', `${header.namespace}, ${originOf(header)}`),
    row('spins', `${whole(spins)} by ${some(users, 'user')}${spins > 0 ? `, ${first} to ${last}` : ''}`),
    row('prizes', counts(prizes)),
    row('not picked', `${counts(reasons)}${revoked > 0 ? `; revoked ${whole(revoked)}` : ''}`),
    ...(drawn > 0 ? [row('drawn', `${some(drawn, 'spin')} whose prize is not decided yet`)] : []),
    row('missing', missingText(header, report)),
    ...archivedText(header, report.archived),
    ...openText(report)
  ]
}

/** Decisions that were never journaled are void; in the epoch that was open they may come yet. */
function missingText({ openEpoch }: JournalHeader, { missing, unlinked, byMissing }: DrawReport): string {
  const { decisions, gaps } = missing
  if (decisions === 0) return 'no decision'
  const shown = gaps.slice(0, MOST_GAPS).map(({ epoch, from, to }) => `${epoch}-${from}${to > from ? `..${to}` : ''}`)
  const more = gaps.length > MOST_GAPS ? ', ...' : ''
  const open = gaps.some(({ epoch }) => epoch === openEpoch)
    ? ' Those of the open epoch may come yet: export again.'
    : ''
  return (
    `${some(decisions, 'decision')} never journaled, so void: ${shown.join(', ')}${more}; ` +
    `${some(unlinked, 'spin')} behind a number that is not known, ` +
    `${whole(byMissing)} right only because of what is missing.${open}`
  )
}

/** Which archives hold what the file does not, and how they come into it. */
function archivedText(
  header: Pick<JournalHeader, 'left'> | undefined,
  archived: ReadonlyMap<string, number>
): string[] {
  const shaOf = (of: string) => header?.left?.find((left) => left.campaign === of && left.sha256 !== null)?.sha256
  return [...archived].map(([of, count]) => {
    const sha = shaOf(of)
    const named = sha === undefined ? '' : ` (sha256 ${sha})`
    return row(
      'archived',
      `${some(count, 'decision')} of ${of} between these are in its archive${named}: what they moved of balances is not known here. ` +
        'Verify with --archive <its archive>'
    )
  })
}

function openText({ open }: DrawReport): string[] {
  if (open.spins === 0) return []
  const rest = `${some(open.spins, 'spin')} could have ended otherwise: quota journaled up to ${whole(open.longestMs)} ms before`
  return [row('open', `${rest} need not have been usable yet`)]
}

function badText(name: string, difference: FoundDifference): string[] {
  const { line, id, what, expected, found, missing, archived, text } = difference
  const note =
    missing === 0
      ? []
      : [
          row(
            'missing',
            `${some(missing, 'decision')} of this epoch before it: taken out of the file, or never journaled and so void. ` +
              'Compare with another export; --accept-missing goes on behind them'
          )
        ]
  return [
    `Draw ${name}: ${id === '' ? `line ${line}` : `decision ${id} (line ${line})`} is not as it must be: ${what}.`,
    row('expected', expected),
    row('found', found),
    ...note,
    ...archivedText(undefined, archived),
    row('line', text)
  ]
}
