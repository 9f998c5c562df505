import { CommandError } from '../../base/errors.ts'
import { type AdminClient, type AdminReply, refusalText } from '../admin-client.ts'
import { type Demo, demos } from './demos.ts'

interface DemoOptions {
  /** writes, submits and loads codes */
  readonly author: AdminClient
  /** approves and publishes: another operator */
  readonly reviewer: AdminClient
  /** ms since 1970 */
  readonly now: number
  /** address of the demo storefront */
  readonly shop: string
}

interface PublishedDemo {
  /** of src/stack/demo */
  readonly name: string
  readonly campaign: string
  /** false: an earlier run published it */
  readonly published: boolean
}

const mostDemos = 50

/**
 * Makes sure that the demo campaigns are open, all in parallel.
 * @throws CommandError with the API's text when a step is refused
 */
export function publishDemos(options: DemoOptions): Promise<PublishedDemo[]> {
  return Promise.all(demos.map((demo) => publishDemo(demo, options)))
}

/** A text that names the new demo campaigns and the earlier ones. */
export function demoText(demos: readonly PublishedDemo[]): string {
  const named = (published: boolean) =>
    demos.flatMap((demo) => (demo.published === published ? [demo.campaign] : [])).join(', ')
  const texts = [
    [named(true), 'published'],
    [named(false), 'there from an earlier run']
  ] as const
  const sentences = texts.flatMap(([names, what]) => (names === '' ? [] : [`${names} ${what}`]))
  return `${sentences.join('; ')}; open now`
}

/**
 * One demo campaign: that of an earlier run, or a new one, through the same review by two operators that every campaign
 * goes through. A publication that was interrupted is continued.
 */
async function publishDemo(demo: Demo, { author, reviewer, now, shop }: DemoOptions): Promise<PublishedDemo> {
  const { name } = demo
  for (let number = 1; number <= mostDemos; number++) {
    const campaign = number === 1 ? name : `${name}-${number}`
    const path = `/campaigns/${campaign}`
    const found = await author('GET', path)
    const state = found.status === 404 ? 'new' : stateOf(found)
    if (state === 'over') continue
    let version = versionOf(found)
    if (state === 'new') {
      const saved = await author('PUT', path, demo.define(campaign, now, shop))
      accept(saved, `saving ${campaign}`)
      version = versionOf(saved)
    }
    if (state === 'new' || state === 'draft') {
      accept(await author('POST', `${path}/submission`, { version }), `submitting ${campaign}`)
    }
    if (state !== 'open') {
      if (state !== 'approved') accept(await reviewer('POST', `${path}/approval`, { version }), `approving ${campaign}`)
      const publish = () => reviewer('POST', `${path}/publication`, { version })
      const first = await publish()
      // on a busy machine stock may be settled after the comparison has given up; a second request goes on from there
      accept(first.status === 409 ? await publish() : first, `publishing ${campaign}`)
    }
    // loading skips codes that the pool has already, so it completes a load that was interrupted
    if (demo.pool) await loadCodes(author, path, demo.pool)
    return { name, campaign, published: state !== 'open' }
  }
  throw new CommandError(
    `All of ${name}, ${name}-2, ... ${name}-${mostDemos} are over.`,
    'The stack makes a new demo campaign when the one before has ended.',
    'Start with an empty FLOODGATE_HOME, or without a demo: npm start -- --no-demo'
  )
}

async function loadCodes(author: AdminClient, path: string, pool: NonNullable<Demo['pool']>): Promise<void> {
  const reply = await author('POST', `${path}/pools/${pool.pool}/codes`, `${pool.codes.join('\n')}\n`)
  accept(reply, `loading codes into ${pool.pool}`)
}

type DemoState = 'draft' | 'submitted' | 'approved' | 'open' | 'over'

/** The state of a campaign, from the admin API's answer: its review before the publication, its status afterwards. */
function stateOf(reply: AdminReply): DemoState {
  accept(reply, 'reading a demo campaign')
  const state = typeof reply.body === 'object' && reply.body !== null && 'state' in reply.body ? reply.body.state : ''
  if (state === 'draft' || state === 'submitted' || state === 'approved') return state
  return state === 'ended' || state === 'settled' ? 'over' : 'open'
}

/** The newest version; undefined if there is none. */
function versionOf({ body }: AdminReply): unknown {
  return typeof body === 'object' && body !== null && 'version' in body ? body.version : undefined
}

function accept(reply: AdminReply, what: string): void {
  if (reply.status < 300) return
  throw new CommandError(
    `A demo campaign could not be published: ${what}: ${refusalText(reply)}`,
    'The stack works, but there is nothing to take part in.',
    'Start again; if it stays, read logs/gateway.log in FLOODGATE_HOME, or start without: npm start -- --no-demo'
  )
}
