import { CommandError } from '../../base/errors.ts'
import type { Config } from '../../config/config.ts'
import { type AdminClient, refusalText } from '../../stack/admin-client.ts'
import { type AdminCommandLine, adminCommand, clientFor, refusal, requestOf } from './run.ts'

interface Item {
  readonly id: string
  readonly state: string
}

/** What became of a campaign. */
interface Came {
  readonly campaign: string
  /** `as it was`: somebody else did it a moment ago */
  readonly outcome: 'confirmed' | 'pending' | 'as it was' | 'refused'
  /** why it was refused, else '' */
  readonly why: string
}

/**
 * Carries out a command that may be about every campaign that is open.
 * @returns what it says on the terminal
 * @throws CommandError where it is refused, for one of them too
 */
export async function oneOrAll(config: Config, line: AdminCommandLine): Promise<string> {
  const { command, args, options } = line
  if (command.all === undefined || (args.length > 0 && options.all !== true)) return adminCommand(config, line)
  if (args.length === 0 && options.all === true) return allOpen(config, line)
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

async function changeOne(line: AdminCommandLine, campaign: string, ask: AdminClient): Promise<Came> {
  const { method, path, body } = requestOf({ ...line, args: [campaign] })
  try {
    const reply = await ask(method, path, body)
    if (reply.status >= 400) return { campaign, outcome: 'refused', why: refusalText(reply) }
    const { intent, outcome } = reply.body as { readonly outcome: 'confirmed' | 'pending'; readonly intent?: string }
    return { campaign, outcome: intent === undefined ? 'as it was' : outcome, why: '' }
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    return { campaign, outcome: 'refused', why: error.message }
  }
}

const tell = (text: string) => void process.stderr.write(`${text}\n`)

/** All at the same time, and of each is said what became of it as soon as that is known. */
async function allOpen(config: Config, line: AdminCommandLine): Promise<string> {
  const { command, options } = line
  const { key, json } = options
  const ids = await openCampaigns(clientFor(config, line))
  tell(`open campaigns: ${ids.length}`)
  const all = await Promise.all(
    ids.map(async (id) => {
      const own = typeof key === 'string' ? `${key}-${id}` : undefined
      const came = await changeOne(line, id, clientFor(config, line, own))
      tell(`${id}: ${came.outcome}${came.why === '' ? '' : `, ${came.why}`}`)
      return came
    })
  )
  const refused = all.filter(({ outcome }) => outcome === 'refused')
  if (refused.length > 0) {
    const said = refused.map(({ campaign, why }) => `${campaign}: ${why}`).join('\n  ')
    throw new CommandError(
      `${command.group} ${command.name} --all was refused for ${refused.length} of ${all.length} campaigns:\n  ${said}`,
      'The others were changed.',
      'Give the command again: it is about those alone that are still open.'
    )
  }
  if (json === true) return `${JSON.stringify(all, null, 2)}\n`
  const changed = all.flatMap(({ campaign, outcome }) => (outcome === 'as it was' ? [] : [campaign]))
  return changed.length === 0 ? 'No campaign was changed.\n' : `changed: ${changed.join(' ')}\n`
}
