import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { CommandError } from '../../base/errors.ts'
import type { Config } from '../../config/config.ts'
import { type AdminClient, type AdminReply, refusalText } from '../../stack/admin-client.ts'
import { type AdminCommandLine, adminCommand, clientFor, refusal, requestOf } from './run.ts'

interface Item {
  readonly id: string
  readonly state: string
}

/** What became of a campaign. */
interface Came {
  readonly campaign: string
  /** `as it was`: somebody else did it a moment ago; `unknown`: an answer was lost, and none came since */
  readonly outcome: 'confirmed' | 'pending' | 'as it was' | 'refused' | 'unknown'
  /** why it was refused, or is not known, else '' */
  readonly why: string
}

/** How long after each lost answer it is asked again, under the same key: a gateway that starts anew is back within seconds. */
const AGAIN_AFTER_MS: readonly number[] = [500, 1000, 2000, 4000, 8000]
/** a gateway that says when to try again has been asked for a minute by then */
const PATIENCE_MS = 60_000

interface Act {
  readonly line: AdminCommandLine
  readonly waits: readonly number[]
}

/**
 * Carries out a command that may be about every campaign that is open.
 * @param waits how many ms before each further time, where the answer for one of several was lost
 * @returns what it says on the terminal
 * @throws CommandError where it is refused, for one of them too
 */
export async function oneOrAll(config: Config, line: AdminCommandLine, waits = AGAIN_AFTER_MS): Promise<string> {
  const { command, args, options } = line
  if (command.all === undefined || (args.length > 0 && options.all !== true)) return adminCommand(config, line)
  if (args.length === 0 && options.all === true) return allOpen(config, { line, waits })
  throw new CommandError(
    `${command.group} ${command.name}: it is not clear which campaign is meant.`,
    'Nothing was sent.',
    'Name a campaign, or give --all: one of the two.'
  )
}

/** Every campaign that is open now, page by page. */
async function openCampaigns(ask: AdminClient): Promise<string[]> {
  const open = new Set<string>()
  let cursor: string | null = ''
  while (cursor !== null) {
    const reply = await ask('GET', `/campaigns?limit=100${cursor === '' ? '' : `&cursor=${cursor}`}`)
    if (reply.status >= 400) throw refusal('campaign list', reply)
    const page = reply.body as { readonly items: readonly Item[]; readonly nextCursor: string | null }
    for (const { id, state } of page.items) if (state === 'running') open.add(id)
    cursor = page.nextCursor
  }
  return [...open].sort()
}

/** @returns undefined where the answer was lost, so that it may have been done nevertheless */
async function askOnce(ask: () => Promise<AdminReply>): Promise<AdminReply | undefined> {
  try {
    const reply = await ask()
    return reply.status >= 500 ? undefined : reply
  } catch (error) {
    if (error instanceof CommandError) return undefined
    throw error
  }
}

/** @param ask has the same key each time, whose answer tells what became of it the first time */
async function changeOne({ line, waits }: Act, campaign: string, ask: AdminClient): Promise<Came> {
  const { method, path, body } = requestOf({ ...line, args: [campaign] })
  const giveUpAt = performance.now() + PATIENCE_MS
  const once = () => askOnce(() => ask(method, path, body))
  let reply = await once()
  const wasLost = reply === undefined
  for (const wait of waits) {
    if (reply !== undefined || performance.now() + wait > giveUpAt) break
    await delay(wait)
    reply = await once()
  }
  if (reply === undefined) return { campaign, outcome: 'unknown', why: 'its answer was lost' }
  // what is said of who asks says nothing of the request before
  if (wasLost && [401, 403, 429].includes(reply.status))
    return { campaign, outcome: 'unknown', why: refusalText(reply) }
  if (reply.status >= 400) return { campaign, outcome: 'refused', why: refusalText(reply) }
  const { intent, outcome } = reply.body as { readonly outcome: 'confirmed' | 'pending'; readonly intent?: string }
  return { campaign, outcome: intent === undefined ? 'as it was' : outcome, why: '' }
}

const tell = (text: string) => void process.stderr.write(`${text}\n`)

/** All at the same time, and of each is said what became of it as soon as that is known. */
async function allOpen(config: Config, act: Act): Promise<string> {
  const { line } = act
  const { key = randomUUID(), json } = line.options
  const ids = await openCampaigns(clientFor(config, line))
  tell(`open campaigns: ${ids.length}`)
  const all = await Promise.all(
    ids.map(async (id) => {
      const came = await changeOne(act, id, clientFor(config, line, `${String(key)}-${id}`))
      tell(`${id}: ${came.outcome}${came.why === '' ? '' : `, ${came.why}`}`)
      return came
    })
  )
  requireAll(line, all)
  if (json === true) return `${JSON.stringify(all, null, 2)}\n`
  const changed = changedOf(all)
  return changed === '' ? 'No campaign was changed.\n' : `changed: ${changed}\n`
}

function changedOf(all: readonly Came[]): string {
  return all.flatMap(({ campaign, outcome }) => (isChanged(outcome) ? [campaign] : [])).join(' ')
}

function isChanged(outcome: Came['outcome']): boolean {
  return outcome === 'confirmed' || outcome === 'pending'
}

/** @throws CommandError where one was refused, or is not known */
function requireAll({ command }: AdminCommandLine, all: readonly Came[]): void {
  const saidOf = (outcome: Came['outcome']) => all.filter((came) => came.outcome === outcome)
  const [refused, unknown] = [saidOf('refused'), saidOf('unknown')]
  if (refused.length + unknown.length === 0) return
  const what = `${command.group} ${command.name} --all`
  const said = [...refused, ...unknown].map(({ campaign, why }) => `${campaign}: ${why}`).join('\n  ')
  const counted = (some: readonly Came[], words: string) =>
    some.length === 0 ? [] : [`${words} for ${some.length} of ${all.length} campaigns`]
  const sums = [...counted(refused, 'was refused'), ...counted(unknown, 'has no known outcome')].join(', and ')
  const changed = changedOf(all)
  throw new CommandError(
    `${what} ${sums}:\n  ${said}`,
    changed === '' ? 'None is known to be changed.' : `changed: ${changed}`,
    unknown.length === 0
      ? 'Give the command again: it is about those alone that are still open.'
      : 'Look at those that are not known (floodgate campaign show), and give the command again: it is about those alone that are still open.'
  )
}
