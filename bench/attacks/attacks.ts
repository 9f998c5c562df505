import type pg from 'pg'
import { signTokens } from '../../src/http/auth/sign-token.ts'
import { benchDraw, publish } from '../stack/admin.ts'
import type { StackFile } from '../stack/stack.ts'
import { AUDIENCE, ISSUER, tokensOf } from '../stack/tokens.ts'
import { ask, inParallel } from './ask.ts'
import type { LoopJob, PipelineJob } from './jobs.ts'

/** What an attack needs: the stack that is attacked, the sale beside it. */
export interface Target {
  readonly file: StackFile
  readonly database: pg.Pool
  readonly sale: string
  /** runs that will follow, calm ones among them, and their length */
  readonly runs: number
  readonly seconds: number
}

/** What is sent during an attack, and the ordinary requests whose answers show what it does to others. */
export interface Prepared {
  readonly loops: readonly LoopJob[]
  readonly pipelines: readonly PipelineJob[]
  /** requests of ordinary users beside the buys, with and without an attack, with other keys each time */
  bystander?(run: number): LoopJob
}

/** One attack as data; it is prepared once and then made against the same sale several times. */
export interface Attack {
  readonly id: string
  readonly title: string
  prepare(target: Target): Promise<Prepared>
}

const ORDERS = 2_400
const WINS = 500_000
const VARIANTS = 5_000

const tokenOf = ({ file }: Target, user: string): string =>
  signTokens({ secret: file.tokenSecret, issuer: ISSUER, audience: AUDIENCE, users: [user], ttlSeconds: 36_000 })[0] ??
  ''

const patience = { inTimeMs: 1000, giveUpMs: 5000 }

function loop({ file }: Target, part: Pick<LoopJob, 'perSecond' | 'paths'> & Partial<LoopJob>): LoopJob {
  const base = { name: 'attack', url: file.publicUrl, method: 'GET', expected: 200, keys: 'attack' } as const
  return { ...base, bodies: [], tokens: [], ...patience, ...part }
}

/** Users who look at their orders. */
export function readers(target: Target): LoopJob {
  const tokens = tokensOf({ secret: target.file.tokenSecret, users: 50 })
  return loop(target, { name: 'bystander', perSecond: 5, paths: ['/v1/me/orders'], tokens })
}

const alone = { loops: [], pipelines: [] }

async function buyAndCancel(target: Target, token: string): Promise<void> {
  await inParallel(ORDERS, 16, async (number) => {
    const key = `d1-${target.sale}-${number}`
    const buy = { path: `/v1/campaigns/${target.sale}/sales/phone/orders`, token, key, body: { quantity: 1 } }
    const { order } = (await ask(target.file, buy)) as { order: { id: string } }
    await ask(target.file, { path: `/v1/orders/${order.id}/cancellation`, token, key: `${key}-back`, body: {} })
  })
}

async function storeWins({ file, database }: Target, campaign: string): Promise<void> {
  await publish(file, campaign, { activities: [benchDraw(WINS)] })
  await database.query(
    `insert into wins (win_id, campaign_id, activity_id, user_id, prize_id, sub_prize, tier, type, status, shard, epoch, sequence,
       won_at, claim_by, updated_at, record)
     select '0-1-' || n, $1, 'wheel', 'winner-' || n, 'cup', '', 2, 'physical', 'won', 0, 1, n,
       to_timestamp(1700000000 + n / 1000.0), null, now(),
       'w;1-1;' || $1 || ';wheel;cup;;2;physical;' || (1700000000000 + n) || ';;'
     from generate_series(1, $2::bigint) n`,
    [campaign, WINS]
  )
  await database.query('analyze wins')
}

/** Spins until it wins. @returns the id of the win */
async function winOf(target: Target, campaign: string, user: { name: string; token: string }): Promise<string> {
  for (let spin = 0; ; spin += 1) {
    const path = `/v1/campaigns/${campaign}/draws/wheel/spins`
    const key = `${campaign}-${user.name}-${spin}`
    const { spin: drawn } = (await ask(target.file, { path, token: user.token, key, body: {} })) as {
      spin: { win: { id: string } | null }
    }
    if (drawn.win !== null) return drawn.win.id
  }
}

const address = (line1: string) =>
  JSON.stringify({ address: { name: 'Alice', phone: '13800000000', city: 'Shanghai', line1 } })

const alwaysWins = (stock: number) => ({
  id: 'wheel',
  kind: 'draw',
  title: 'Wheel',
  fallback: 'thanks',
  prizes: [
    { id: 'cup', tier: 2, title: 'Cup', type: 'physical', quota: stock, weight: 9, value: 1_900 },
    { id: 'thanks', tier: 9, title: 'Thanks', type: 'nothing', quota: null, weight: 1 }
  ]
})

/** Winners who claim once each, twice a second, beside one who claims again and again. */
async function claimJobs(target: Target, campaign: string): Promise<Prepared> {
  const PER_SECOND = 2
  const honest = Math.ceil(target.runs * target.seconds * PER_SECOND)
  await publish(target.file, campaign, { activities: [alwaysWins(honest * 2 + 100)] })
  const users = Array.from({ length: honest }, (_, number) => `${campaign}-${number}`)
  const winners = users.map((name) => ({ name, token: tokenOf(target, name) }))
  const wins: string[] = []
  await inParallel(honest, 16, async (number) => {
    const winner = winners[number]
    if (winner !== undefined) wins[number] = await winOf(target, campaign, winner)
  })
  const greedy = { name: `${campaign}-greedy`, token: tokenOf(target, `${campaign}-greedy`) }
  const won = await winOf(target, campaign, greedy)
  const perRun = Math.ceil(target.seconds * PER_SECOND)
  const slice = <Item>(list: readonly Item[], run: number) => list.slice(run * perRun, (run + 1) * perRun)
  const claim = { method: 'POST', expected: 201 } as const
  return {
    ...alone,
    loops: [
      loop(target, {
        ...claim,
        perSecond: 30,
        paths: [`/v1/wins/${won}/claim`],
        tokens: [greedy.token],
        bodies: Array.from({ length: VARIANTS }, (_, number) => address(`House ${number}`)),
        keys: `${campaign}-greedy-claim`
      })
    ],
    bystander: (run) =>
      loop(target, {
        ...claim,
        name: 'bystander',
        perSecond: PER_SECOND,
        paths: slice(wins, run).map((win) => `/v1/wins/${win}/claim`),
        tokens: slice(winners, run).map(({ token }) => token),
        bodies: [address('My house')],
        keys: `${campaign}-claim`
      })
  }
}

export const attacks: readonly Attack[] = [
  {
    id: 'D1',
    title: `one user with ${ORDERS} bought and cancelled orders asks for the newest 45 times a second`,
    async prepare(target) {
      const token = tokenOf(target, 'attacker')
      await buyAndCancel(target, token)
      const paths = ['/v1/me/orders?limit=1']
      // half of a second later nobody waits for the answer any more
      return { ...alone, loops: [loop(target, { perSecond: 45, paths, tokens: [token], giveUpMs: 500 })] }
    }
  },
  {
    id: 'D2',
    title: 'one connection after the other asks for a document 1,100 times in one go and closes',
    async prepare({ file }) {
      const one = { path: '/docs/static/swagger-ui.css', connections: 1, requests: 1_100, everyMs: 1000 }
      return { ...alone, pipelines: [{ url: file.publicUrl, ...one }] }
    }
  },
  {
    id: 'D3',
    title: 'four connections ask for openapi.json 1,500 times each and read nothing',
    async prepare({ file }) {
      const four = { path: '/openapi.json', connections: 4, requests: 1_500, everyMs: 0 }
      return { ...alone, pipelines: [{ url: file.publicUrl, ...four }] }
    }
  },
  {
    id: 'D4',
    title: `winners of made-up draws and places, 25 times a second, of ${WINS} wins`,
    async prepare(target) {
      const campaign = `${target.sale}-winners`
      await storeWins(target, campaign)
      const winners = `/v1/campaigns/${campaign}/winners`
      const cursor = (n: number) => Buffer.from(`${1_700_000_000_000 + n} 0-1-${n + 1}`).toString('base64url')
      const paths = Array.from({ length: VARIANTS }, (_, n) => [
        `${winners}?draw=made-up-${n}`,
        `${winners}?draw=wheel&cursor=${cursor(n * 100)}`,
        `${winners}?limit=${(n % 100) + 1}`
      ]).flat()
      return { ...alone, loops: [loop(target, { perSecond: 25, paths })] }
    }
  },
  {
    id: 'D5',
    title: 'one winner claims the same win again and again, each time with another address',
    prepare: (target) => claimJobs(target, `${target.sale}-claims`)
  }
]
