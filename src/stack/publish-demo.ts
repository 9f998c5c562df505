import { type AdminClient, type AdminReply, refusalText } from './admin-client.ts'
import { demoCampaign } from './demo.ts'
import { StackError } from './errors.ts'

export interface DemoOptions {
  /** writes and submits */
  readonly author: AdminClient
  /** approves and publishes: another operator */
  readonly reviewer: AdminClient
  /** ms since 1970 */
  readonly now: number
}

export interface Demo {
  readonly campaign: string
  /** false: it was there from an earlier run */
  readonly published: boolean
}

const mostDemos = 50

/**
 * Makes sure that a demo campaign is open: the one of an earlier run, or a new one, through the same review by two
 * operators that every campaign goes through. A publication cut short earlier is continued.
 * @throws StackError with the API's words when a step is refused
 */
export async function publishDemo({ author, reviewer, now }: DemoOptions): Promise<Demo> {
  for (let number = 1; number <= mostDemos; number++) {
    const id = number === 1 ? 'launch' : `launch-${number}`
    const path = `/campaigns/${id}`
    const found = await author('GET', path)
    const state = found.status === 404 ? 'new' : stateOf(found)
    if (state === 'over') continue
    if (state === 'open') return { campaign: id, published: false }
    if (state === 'new') accept(await author('PUT', path, demoCampaign(id, now)), `saving ${id}`)
    if (state === 'new' || state === 'draft') accept(await author('POST', `${path}/submission`, {}), `submitting ${id}`)
    if (state !== 'approved') accept(await reviewer('POST', `${path}/approval`, {}), `approving ${id}`)
    accept(await reviewer('POST', `${path}/publication`, {}), `publishing ${id}`)
    return { campaign: id, published: true }
  }
  throw new StackError(
    `All of launch, launch-2, ... launch-${mostDemos} are over.`,
    'The stack makes a new demo campaign when the one before has ended.',
    'Start with an empty FLOODGATE_HOME, or without a demo: npm start -- --no-demo'
  )
}

type DemoState = 'draft' | 'submitted' | 'approved' | 'open' | 'over'

/** How far a campaign is, from the admin API's answer: its review before the publication, its status after it. */
function stateOf(reply: AdminReply): DemoState {
  accept(reply, 'reading the demo campaign')
  const state = typeof reply.body === 'object' && reply.body !== null && 'state' in reply.body ? reply.body.state : ''
  if (state === 'draft' || state === 'submitted' || state === 'approved') return state
  return state === 'ended' || state === 'settled' ? 'over' : 'open'
}

function accept(reply: AdminReply, what: string): void {
  if (reply.status < 300) return
  throw new StackError(
    `The demo campaign could not be published: ${what}: ${refusalText(reply)}`,
    'The stack works, but there is nothing to buy in it.',
    'Start again; if it stays, read logs/gateway.log in FLOODGATE_HOME, or start without: npm start -- --no-demo'
  )
}
