import type { Difference } from '../../support/judging/promise.ts'
import { openSession, saleDefinition } from '../../support/shop/sale.ts'
import { waitFor } from '../../support/wait.ts'
import { BrokenError, type Row } from '../row.ts'
import { campaign as rush, type Scene, sale, wish } from '../scene.ts'
import { type Gateway, publish } from '../world/requests.ts'
import { definite } from './tools.ts'

const campaign = 'parcels'
const address = { name: 'Ann', phone: '13800000000', city: 'Shanghai', line1: '1 Nanjing Road' }
const WINNERS = 6
/** what becomes of each parcel, in this order */
const acts = ['shipped', 'failed', 'reissued', 'shipped'] as const

/** A draw whose prize has to be sent. */
function definition(): { readonly id: string } {
  const base = saleDefinition({ id: campaign, sales: { other: { sessions: [openSession(1)] } } })
  const { activities } = base as unknown as { activities: object[] }
  const prizes = [
    { id: 'mug', tier: 1, title: 'Mug', type: 'physical', quota: WINNERS, weight: 1 },
    { id: 'thanks', tier: 9, title: 'Thanks', type: 'nothing', quota: null, weight: 0 }
  ]
  const wheel = { id: 'wheel', kind: 'draw', title: 'Wheel', chances: { daily: 1 }, fallback: 'thanks', prizes }
  return { ...base, ...{ activities: [...activities, wheel] } }
}

/** A win of a user, claimed. */
async function claimedBy({ world }: Scene, user: string): Promise<string> {
  const spun = await definite(() => {
    const path = `/v1/campaigns/${campaign}/draws/wheel/spins`
    return world.ask(user, { method: 'POST', path, body: {}, key: `spin-of-${user}` })
  })
  const win = (spun.body as { readonly spin?: { readonly win: { readonly id: string } | null } }).spin?.win?.id
  if (win === undefined) throw new Error(`${user} won nothing: ${JSON.stringify(spun)}`)
  const path = `/v1/wins/${win}/claim`
  const claim = () => world.ask(user, { method: 'POST', path, body: { address }, key: `claim-of-${user}` })
  const { status, body } = await definite(claim)
  if (status > 201) throw new Error(`the claim of ${win} was answered with ${status} ${JSON.stringify(body)}`)
  return win
}

interface Act {
  readonly win: string
  /** from 0 */
  readonly nth: number
}

/** Has one act noted, once, whichever gateway is asked and however often. */
async function act({ world }: Scene, gateways: readonly Gateway[], { win, nth }: Act): Promise<void> {
  const path = `/admin/v1/wins/${win}/fulfilment`
  const ask = { method: 'POST', path, body: { state: acts[nth] }, key: `act-${nth}-${win}` } as const
  const { status, body } = await definite(() => world.admin(ask, 0, gateways))
  const attempt = (body as { readonly fulfilment?: { readonly attempt?: number } }).fulfilment?.attempt
  if (status > 201 || attempt !== nth + 1) {
    const told = `${status} ${JSON.stringify(body)}`
    throw new BrokenError('I2', `${acts[nth]} of ${win}, the act ${nth + 1}, was answered with ${told}`)
  }
}

/** Parcels are sent, come back and are sent anew, while the gateway that notes it dies at a step of a decision. */
async function killNoting(scene: Scene): Promise<string> {
  const { world } = scene
  await publish(world, definition())
  const users = Array.from({ length: WINNERS }, (_, number) => `winner-${number}`)
  const wins = await Promise.all(users.map((user) => claimedBy(scene, user)))
  const point = ['G2', 'G3', 'G5'][scene.seed % 3] ?? 'G3'
  const dying = await world.startGateway(`${point}:kill:${scene.between(3, 12)}`)
  await world.ready()
  scene.struck()
  for (const nth of acts.keys()) for (const win of wins) await act(scene, [dying, world.gateway(1)], { win, nth })
  const proof = await dying.child.hit(point)
  await dying.child.end()
  scene.healed()
  return `${proof}; ${wins.length} wins went through ${acts.length} acts each`
}

/** Each act on each win is one decision, and they are numbered without a gap. */
async function actsWrong({ world }: Scene): Promise<readonly Difference[]> {
  const { rows } = await world.pool.query<{ win: string; told: string }>(
    `select shard || '-' || split_part(report, ',', 1) as win, string_agg(split_part(report, ',', 2) || split_part(report, ',', 3), ' '
       order by epoch, sequence) as told
     from decisions where campaign_id = $1 and type = 'win.fulfilled' group by 1`,
    [campaign]
  )
  const wrong = rows.filter(({ told }) => told !== 's1 f2 i3 s4')
  const found: Difference[] = wrong.map(({ win, told }) => ({ rule: 'I2', what: `win ${win} went through ${told}` }))
  if (rows.length !== WINNERS) found.push({ rule: 'I1', what: `acts on ${rows.length} of ${WINNERS} wins are stored` })
  return found
}

const ORDERS = 60

/** Many orders are cancelled as one job, and whoever works it off dies before the gate is asked, and once it has decided. */
async function killWorkingOff(scene: Scene): Promise<string> {
  const { world } = scene
  const client = scene.client(world.gateway(0))
  try {
    const users = Array.from({ length: ORDERS }, (_, number) => `hit-${number}`)
    const endings = await Promise.all(users.map((user) => client.buy(wish(user))))
    const bought = endings.filter(({ kind }) => kind === 'confirmed').length
    if (bought < ORDERS) throw new Error(`${bought} of ${ORDERS} orders were confirmed`)
  } finally {
    client.close()
  }
  scene.struck()
  const path = `/admin/v1/campaigns/${rush}/affected-orders/cancellation`
  const body = { activity: sale, price: 299_900, reason: 'a wrong price' }
  const ask = () => world.admin({ method: 'POST', path, body, key: 'cancel-them-all' })
  let job = ''
  const isAsked = async () => {
    const answer = await ask()
    job = (answer.body as { readonly job?: { readonly id: string } }).job?.id ?? ''
    return job !== ''
  }
  await waitFor(isAsked, { deadlineMs: 60_000, what: 'the job to be noted' })
  const proof: string[] = []
  for (const [index, point] of ['D1', 'D2'].entries()) {
    const worker = world.worker(index)
    proof.push(await worker.hit(point))
    await worker.end()
    await world.startWorker(point === 'D1' ? 'D2:kill:1' : '')
  }
  scene.healed()
  const isDone = async () => {
    const answer = await world.admin({ path: `/admin/v1/jobs/${job}` })
    return (answer.body as { readonly state?: string }).state === 'done'
  }
  await waitFor(isDone, { deadlineMs: 240_000, what: 'the job to be done' })
  return proof.join('; ')
}

/** Each order is cancelled by one decision and audited once, and all units are there again. */
async function cancelledWrong({ world, stock }: Scene): Promise<readonly Difference[]> {
  const count = async (from: string) => {
    const { rows } = await world.pool.query<{ all: number; each: number }>(
      `select count(*)::integer as all, count(distinct one)::integer as each from (${from}) found`
    )
    return rows[0] ?? { all: 0, each: 0 }
  }
  const once = { all: ORDERS, each: ORDERS }
  const expected = {
    cancelled: [
      await count(`select shard || '-' || entity as one from decisions where type = 'order.cancelled'`),
      'I2'
    ],
    audited: [await count(`select target as one from audit where action = 'order.cancellation'`), 'I6'],
    worked: [await count(`select item as one from job_items where state = 'done'`), 'I7']
  } as const
  const found: Difference[] = Object.entries(expected).flatMap(([what, [{ all, each }, rule]]) =>
    all === once.all && each === once.each
      ? []
      : [{ rule, what: `${each} of ${ORDERS} orders were ${what}, ${all} times` }]
  )
  const { rows } = await world.pool.query<{ units: number }>(
    "select coalesce(sum(quantity), 0)::integer as units from orders where status in ('accepted', 'paid')"
  )
  if (rows[0]?.units !== 0) found.push({ rule: 'I5', what: `${rows[0]?.units} of ${stock} units are still held` })
  return found
}

export const operatorRows: readonly Row[] = [
  {
    id: 'F55',
    title:
      'Prizes are shipped, fail and are issued again, and the gateway that notes it dies at a step of a decision: each act counts once.',
    sale: { buyers: 0 },
    expects: { opensAgain: false, unsold: true },
    strike: killNoting,
    judge: actsWrong
  },
  {
    id: 'F56',
    title:
      'Orders are cancelled in bulk, and whoever works it off dies before and after the gate decides: each is cancelled, and audited, once.',
    sale: { buyers: 0, stock: 100 },
    world: { workerFails: 'D1:kill:1' },
    expects: { opensAgain: false, unsold: true },
    strike: killWorkingOff,
    judge: cancelledWrong
  }
]
