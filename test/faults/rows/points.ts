import type { Difference } from '../../support/judging/promise.ts'
import type { AttemptResult, Purchase, Wanted } from '../../support/load/history.ts'
import type { LoadClient } from '../../support/load/load-client.ts'
import { takenPartWrong } from '../judge/taken-part.ts'
import { BrokenError, type Row } from '../row.ts'
import type { Scene } from '../scene.ts'
import { draw, roundCampaign, supply, visit } from '../soak/campaign.ts'
import { publish } from '../world/requests.ts'

const campaign = 'givings'
const users = Array.from({ length: 6 }, (_, number) => `saver-${number}`)

function part(user: string, wanted: Wanted, key: string): Purchase {
  const sale = wanted === 'spin' ? draw : visit.task
  return { user, key: `${key}-of-${user}`, campaign, sale, quantity: 1, wanted }
}

/** Asks for the points, and meanwhile and afterwards for the spins that they pay. @returns what the spins were told */
async function spentAtOnce(user: string, clients: readonly [LoadClient, LoadClient]): Promise<AttemptResult[]> {
  const [one, other] = clients
  const giving = one.attempt(part(user, 'completion', 'task'), 'buy')
  const early = await other.attempt(part(user, 'spin', 'early'), 'buy')
  const given = await giving
  if (given.kind !== 'pending') throw new Error(`unjournaled, the task was answered with ${JSON.stringify(given)}`)
  return [
    early,
    await one.attempt(part(user, 'spin', 'first'), 'buy'),
    await other.attempt(part(user, 'spin', 'second'), 'buy')
  ]
}

/** What the balance suffices for and not more, once the points are there. */
async function spentLater(user: string, client: LoadClient): Promise<void> {
  const poor = await client.buy(part(user, 'spin', 'poor'))
  if (poor.kind !== 'refused') throw new Error(`the points are void, and ${user} spun: ${JSON.stringify(poor)}`)
  const done = await client.buy(part(user, 'completion', 'task'))
  if (done.kind !== 'took-part') throw new Error(`the repeated task was answered with ${JSON.stringify(done)}`)
  for (let spin = 0; spin <= visit.spins; spin++) {
    const { kind } = await client.buy(part(user, 'spin', `later-${spin}`))
    const expected = spin < visit.spins ? 'took-part' : 'refused'
    if (kind !== expected) throw new Error(`spin ${spin} of ${user} was ${kind}, not ${expected}`)
  }
}

/** A task gives points that the journal does not have; they are wanted at once, and Redis is wiped. */
async function givenNotJournaled(scene: Scene): Promise<string> {
  const { world } = scene
  await publish(world, roundCampaign(campaign))
  const lines = [world.line('gateway-nats'), world.line('worker-nats')]
  const clients = [scene.client(world.gateway(0)), scene.client(world.gateway(1))] as const
  const { epoch } = await world.shard()
  try {
    scene.struck()
    for (const line of lines) line.dropRequests()
    const told = (await Promise.all(users.map((user) => spentAtOnce(user, clients)))).flat()
    const spent = told.filter(({ kind }) => kind === 'ok' || kind === 'pending').length
    if (spent > 0) throw new BrokenError('I8', `${spent} spins were paid with points that the journal did not have`)
    await world.withRedis((redis) => redis.multi().flushall().script('FLUSH').exec())
    for (const line of lines) line.heal()
    scene.healed()
    const after = await world.reopened(epoch)

    await Promise.all(users.map((user) => spentLater(user, clients[1])))
    const codes = [...new Set(told.map(({ code, kind }) => code ?? kind))].join(', ')
    return `${users.length} givings pending, ${told.length} spins told ${codes}; Redis wiped, epoch ${epoch} became ${after}; then given and spent`
  } finally {
    for (const client of clients) client.close()
  }
}

export const pointRows: readonly Row[] = [
  {
    id: 'F42',
    title:
      'Points are given and not journaled, wanted at once, and Redis is wiped: not spent before the journal has them.',
    sale: { buyers: 0 },
    world: { lines: ['gateway-nats', 'worker-nats'] },
    expects: { opensAgain: true, unsold: true },
    strike: givenNotJournaled,
    judge: (scene): Promise<Difference[]> =>
      takenPartWrong(scene.world, scene.history, { campaign, draw, quotas: supply.quotas, exhausted: false })
  }
]
