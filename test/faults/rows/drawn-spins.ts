import { shardOf } from '../../../src/base/shards.ts'
import type { Difference } from '../../support/judging/promise.ts'
import { shardsEnv } from '../../support/servers/servers.ts'
import { openSession, saleDefinition } from '../../support/shop/sale.ts'
import { waitFor } from '../../support/wait.ts'
import { BrokenError, type Row } from '../row.ts'
import type { Scene } from '../scene.ts'
import { publish } from '../world/requests.ts'
import { loansWrong } from './shards.ts'

const COUNT = 4
const campaign = 'drawn'
const draw = 'wheel'
/** three in each shard, and all who spin are of one */
const QUOTA = 12
const SPINNERS = 18
const PATIENT = { deadlineMs: 240_000, everyMs: 100 }

/** A draw in which everybody wins while there is something left. */
function definition(): { readonly id: string } {
  const base = saleDefinition({ id: campaign, sales: { other: { sessions: [openSession(1)] } } })
  const { activities } = base as unknown as { activities: object[] }
  const prizes = [
    { id: 'first', tier: 1, title: 'First', type: 'physical', quota: QUOTA, weight: 1 },
    { id: 'thanks', tier: 9, title: 'Thanks', type: 'nothing', quota: null, weight: 0 }
  ]
  const wheel = { id: draw, kind: 'draw', title: 'Wheel', chances: { daily: 1 }, fallback: 'thanks', prizes }
  return { ...base, ...{ activities: [...activities, wheel] } }
}

/** By user: the win that they were told of, '' for none. */
const told = new WeakMap<Scene, Map<string, string>>()

/** Spins until it is told what came of it. */
async function spin({ world }: Scene, user: string): Promise<string> {
  let win: string | undefined
  const isTold = async () => {
    const path = `/v1/campaigns/${campaign}/draws/${draw}/spins`
    const { status, body } = await world.ask(user, { method: 'POST', path, body: {}, key: `spin-of-${user}` })
    if (status !== 200 && status !== 201) return false
    win = (body as { readonly spin: { readonly win: { readonly id: string } | null } }).spin.win?.id ?? ''
    return true
  }
  await waitFor(isTold, PATIENT).catch(() => {
    throw new BrokenError('I7', `${user} never got a definite answer to a spin`)
  })
  return win ?? ''
}

/** Whoever ends drawn spins dies before the gate is asked, and once it has decided. */
async function killEnder(scene: Scene): Promise<string> {
  const { world } = scene
  await publish(world, definition())
  const home = scene.seed % COUNT
  const users = Array.from({ length: 60 * SPINNERS }, (_, number) => `spinner-${number}`)
    .filter((user) => shardOf(user, COUNT) === home)
    .slice(0, SPINNERS)
  scene.struck()
  const answers = new Map<string, string>()
  told.set(scene, answers)
  const spinning = Promise.all(users.map(async (user) => void answers.set(user, await spin(scene, user))))
  // each failure is told by the step that waits for it
  spinning.catch(() => {})
  const proof: string[] = []
  for (const [index, point] of ['D1', 'D2'].entries()) {
    const worker = world.worker(index)
    proof.push(await worker.hit(point))
    await worker.end()
    await world.startWorker(point === 'D1' ? 'D2:kill:1' : '')
  }
  scene.healed()
  await spinning
  const won = [...answers.values()].filter((win) => win !== '').length
  return `${proof.join('; ')}; of ${users.length} who spun ${won} were told of a prize`
}

interface SpinRow {
  readonly id: string
  readonly user: string
  readonly type: string
  /** the spin that it ends, '' for none */
  readonly ends: string
  readonly win: string
}

/** Each spin has one end; every unit is won, once; and it is what its user was told. */
async function spinsWrong(scene: Scene): Promise<readonly Difference[]> {
  const { rows } = await scene.world.pool.query<SpinRow>(
    `select concat_ws('-', shard, epoch, sequence) as id, user_id as user, type,
       case when key like 'x:spin:%' then substring(key from '^x:spin:([0-9]+-[0-9]+-[0-9]+)') else '' end as ends,
       case entity when '' then '' else shard || '-' || entity end as win
     from decisions where campaign_id = $1 and type like 'spin.%'`,
    [campaign]
  )
  const drawn = rows.filter(({ type }) => type === 'spin.drawn')
  const wins = rows.filter(({ type }) => type === 'spin.won')
  const found: Difference[] = []
  if (drawn.length === 0) found.push({ rule: 'strike', what: 'no spin was drawn: nothing had to be ended' })
  for (const { id, user } of drawn) {
    const ends = rows.filter((row) => row.ends === id).length
    if (ends !== 1)
      found.push({ rule: ends > 1 ? 'I2' : 'I7', what: `the spin ${id} of ${user} was ended ${ends} times` })
  }
  if (wins.length !== QUOTA)
    found.push({ rule: wins.length > QUOTA ? 'I3' : 'I5', what: `${wins.length} won of ${QUOTA}` })
  for (const [user, win] of told.get(scene) ?? []) {
    const stored = wins.filter((row) => row.user === user).map((row) => row.win)
    if (stored.join() !== win)
      found.push({ rule: 'I1', what: `${user} was told of win '${win}', stored is '${stored}'` })
  }
  return [...found, ...(await loansWrong(scene))]
}

export const drawnSpinRows: readonly Row[] = [
  {
    id: 'F57',
    title:
      'Spins of one shard mean prizes of others, and whoever ends them dies before and after the gate decides: each is ended once.',
    sale: { buyers: 0 },
    world: { env: shardsEnv(COUNT), workerFails: 'D1:kill:1' },
    // one that was begun waits for the next worker, which may take its time on a busy machine
    expects: { opensAgain: false, unsold: true, mayAlarm: ['LOAN_OPEN'] },
    strike: killEnder,
    judge: spinsWrong
  }
]
