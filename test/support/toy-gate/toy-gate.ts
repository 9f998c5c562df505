import { drawRandom } from '../../../src/record/draw-random.ts'
import { JournalEnd } from '../../../src/verify/journal-end.ts'
import type { JournalHeader } from '../../../src/verify/journal-line.ts'
import { spinDigest } from '../../../src/verify/spin/number.ts'
import { packedSession } from '../shop/core.ts'
import { commitmentOf } from '../shop/one-draw.ts'
import {
  byWait,
  choose,
  lossesSince,
  packPrize,
  readMemory,
  remembered,
  type ToyDraw,
  type ToyMemory,
  type ToyPrize
} from './toy-draw.ts'
import { ToyStore } from './toy-store.ts'

/** What a gate that cheats does otherwise. */
export interface ToyCheat {
  /** why a prize is not given, instead of the truth */
  readonly obstacle?: (user: string, prize: ToyPrize, truth: string) => string
  readonly weights?: readonly number[]
  readonly cost?: (user: string) => number
  /** the seed that numbers are really made of */
  readonly seed?: Buffer
  readonly previous?: string
}

interface ToySpin {
  readonly user: string
  readonly name: string
  readonly digest: string
  readonly previous: string
  readonly picked: ToyPrize
  readonly prize: ToyPrize
  readonly why: string
  readonly memory: ToyMemory
}

/** Lines with the end that they have. */
export function withEnd(lines: readonly string[]): string[] {
  const end = new JournalEnd()
  for (const line of lines) end.add(line)
  return [...lines, end.text()]
}

const OPENS = Date.UTC(2026, 10, 11)
const WINDOW_MS = 100_000
const SYSTEM = '$system'
export const toyPlace = { campaign: 'c', draw: 'wheel' } as const

/**
 * The gate in a few lines and in memory, for journals as faults leave them: frames that are journaled late, settled late or
 * lost, and recoveries. It decides by what the documents say, not by the code that it checks.
 */
export class ToyGate {
  readonly store = new ToyStore(OPENS)
  readonly #draw: ToyDraw
  readonly #seed: Buffer
  readonly #memory: boolean
  readonly #fallback: ToyPrize
  readonly #cheat: ToyCheat

  constructor(draw: ToyDraw, seed: Buffer, cheat: ToyCheat = {}) {
    this.#draw = draw
    this.#seed = seed
    this.#cheat = cheat
    this.#memory = draw.prizes.some(({ minSpins = 0, guaranteedAfter = 0 }) => minSpins + guaranteedAfter > 0)
    this.#fallback = draw.prizes.at(-1) as ToyPrize
    this.store.batch(() => this.#preload())
    this.store.settleAll()
    this.store.batch(() => this.#open())
    this.store.settleAll()
  }

  /** Decides commands in one batch, `laterMs` after the one before. */
  batch(laterMs: number, work: () => void): void {
    this.store.now = Math.min(this.store.now + laterMs, OPENS + WINDOW_MS - 1)
    this.store.batch(work)
  }

  creditAll(users: readonly string[], points: number): void {
    this.batch(1, () => {
      for (const user of users) this.credit(user, points)
    })
  }

  credit(user: string, points: number): void {
    const key = `u:${user}`
    this.store.give(key, 'b:points', points)
    const adds = { [key]: { 'b:points': points } }
    this.store.decide({ type: 'balance.credited', user, adds, report: String(points) })
  }

  /** Adds to a quota once journaled, or takes what is left at once. */
  addStock(index: number, units: number): void {
    const limited = this.#draw.prizes.filter(({ quota }) => quota !== undefined)
    const prize = limited[index % Math.max(1, limited.length)]
    if (prize === undefined) return
    const [remaining, total] = [`${prize.id}:remaining`, `${prize.id}:total`] as const
    const applied = Math.max(units, -this.store.number('s', remaining))
    for (const field of [remaining, total]) {
      if (applied < 0) this.store.bump('s', field, applied)
      else this.store.give('s', field, applied)
    }
    const adds = { 's:c:wheel': { [remaining]: applied, [total]: applied } }
    this.store.decide({ type: 'campaign.adjusted', user: SYSTEM, activity: '', adds, report: String(applied) })
  }

  /** Takes back a win that was not credited, with its quota, once its own frame is settled. */
  revoke(user: string, index: number): void {
    const { store } = this
    const wins = store.fields(`u:${user}`, 'w:').filter(([, record]) => record.startsWith('w;'))
    const [field, record = ''] = wins[index % Math.max(1, wins.length)] ?? []
    const [, frame = '', , , id = ''] = record.split(';')
    if (field === undefined || store.waits(frame)) return
    const entity = field.slice(2)
    const after = `r;${store.place};${record.split(';').slice(2).join(';')}`
    store.put(`u:${user}`, field, after)
    const limited = this.#draw.prizes.some((prize) => prize.id === id && prize.quota !== undefined)
    if (limited) {
      store.bump('s', `${id}:paid`, -1)
      store.give('s', `${id}:remaining`, 1)
    }
    const counters = ['wn:c/wheel', ...(this.#draw.winsMost > 0 ? [`wn:c/wheel/${record.split(';')[6]}`] : [])]
    for (const counter of counters) store.give(`u:${user}`, counter, -1)
    const u = Object.fromEntries(counters.map((counter) => [counter, -1]))
    const adds = { u, ...(limited && { s: { [`${id}:remaining`]: 1, [`${id}:paid`]: -1 } }) }
    store.decide({ type: 'win.revoked', user, entity, adds, report: entity, record: after })
  }

  spin(user: string): void {
    const { store } = this
    const { prizes } = this.#draw
    const cost = this.#costFor(user)
    const memory = readMemory(store.text(`u:${user}`, 'ls:c/wheel'))
    const { frame } = memory
    if (frame !== '' && store.waits(frame)) return
    if (store.number(`u:${user}`, 'b:points') < cost) return
    const name = store.nextKey()
    const random = drawRandom(this.#cheat.seed ?? this.#seed, { ...toyPlace, user, key: name })
    const previous = this.#cheat.previous ?? store.text('s', 'chain') ?? ''
    const digest = spinDigest(random, `${store.epoch}-${store.sequence + 1}`, previous)
    const weights = this.#cheat.weights ?? prizes.map(({ weight }) => weight)
    const picked = prizes[choose(digest.slice(0, 13), weights)] ?? this.#fallback
    const promised = byWait(prizes).find(
      (prize) => lossesSince(memory, prize) >= (prize.guaranteedAfter ?? 0) && this.#obstacle(user, prize) === ''
    )
    const why = promised ? 'guaranteed' : this.#obstacle(user, picked)
    const prize = promised ?? (why === '' ? picked : this.#fallback)
    this.#record({ user, name, digest, previous, picked, prize, why, memory })
  }

  /** Lines of an exported journal, header first; what is not journaled is not in it. */
  lines(): string[] {
    const decisions = this.store.journaled()
    const header: JournalHeader = {
      format: 'floodgate-journal-1',
      namespace: 'toy',
      shard: 0,
      exportedAt: new Date(this.store.now).toISOString(),
      campaign: '',
      from: null,
      through: decisions.at(-1)?.id ?? null,
      openEpoch: this.store.epoch,
      masked: false,
      draws: [{ ...toyPlace, commitment: commitmentOf(this.#seed), seed: this.#seed.toString('hex') }]
    }
    return withEnd([header, ...decisions].map((line) => JSON.stringify(line)))
  }

  #costFor(user: string): number {
    return this.#cheat.cost?.(user) ?? this.#draw.cost
  }

  #obstacle(user: string, prize: ToyPrize): string {
    const truth = this.#trueObstacle(user, prize)
    return this.#cheat.obstacle?.(user, prize, truth) ?? truth
  }

  #trueObstacle(user: string, prize: ToyPrize): string {
    const { winsMost } = this.#draw
    const { store } = this
    const count = (field: string) => store.number(`u:${user}`, field)
    if (prize === this.#fallback) return ''
    if (count('n:c/wheel') < (prize.minSpins ?? 0)) return 'early'
    if (winsMost > 0 && count('wn:c/wheel') >= winsMost) return 'capped'
    if (prize.quota === undefined) return ''
    if (store.number('s', `${prize.id}:remaining`) < 1) return 'exhausted'
    const elapsed = (store.now - OPENS) / WINDOW_MS
    const released = Math.floor(store.number('s', `${prize.id}:total`) * elapsed + 0.5)
    return prize.even === true && store.number('s', `${prize.id}:paid`) >= released ? 'unreleased' : ''
  }

  /** What a spin takes, gives and writes. */
  #record(spin: ToySpin): void {
    const { store } = this
    const { user, prize } = spin
    const hash = `u:${user}`
    const { winsMost } = this.#draw
    const cost = this.#costFor(user)
    const isWin = prize !== this.#fallback
    const points = prize.points ?? 0
    const balance = store.number(hash, 'b:points')
    const taken: Array<[scope: string, field: string, delta: number]> = [['u', 'n:c/wheel', 1]]
    if (cost > 0) taken.push(['u', 'b:points', -cost])
    if (!store.has(hash, 'n:c')) taken.push(['u', 'n:c', 0], ['c', 'participants', 1])
    if (isWin) taken.push(['u', 'wn:c/wheel', 1])
    if (isWin && winsMost > 0) taken.push(['u', `wn:c/wheel/${prize.tier}`, 1])
    if (prize.quota !== undefined) taken.push(['s', `${prize.id}:remaining`, -1], ['s', `${prize.id}:paid`, 1])
    for (const [scope, field, delta] of taken) store.bump(scope === 'u' ? hash : scope, field, delta)
    if (points > 0) {
      store.give(hash, 'b:points', points)
      taken.push(['u', 'b:points', points])
    }
    const adds: Record<string, Record<string, number>> = {}
    for (const [scope, field, delta] of taken) {
      const sum = (adds[scope]?.[field] ?? 0) + delta
      adds[scope] = { ...adds[scope], [field]: sum }
    }
    const paid = cost > 0 ? `|points -${cost} ${balance - cost}` : ''
    const gained = points > 0 ? `|points ${points} ${balance - cost + points}` : ''
    this.#write(spin, { adds, moves: paid + gained })
  }

  #write(spin: ToySpin, taken: { adds: Record<string, Record<string, number>>; moves: string }): void {
    const { store } = this
    const { user, name, digest, previous, picked, prize, why } = spin
    const isWin = prize !== this.#fallback
    const points = prize.points ?? 0
    const number = digest.slice(0, 13)
    const sub = prize.subs ? `sub-${choose(digest.slice(13, 26), prize.subs)}` : ''
    const entity = isWin ? `${store.epoch}-${store.sequence + 1}` : ''
    const head = [points > 0 ? 'g' : 'w', store.place, 'c', 'wheel', prize.id, sub, prize.tier].join(';')
    const tail = points > 0 ? `points;${store.now};;points b:points ${points}` : `physical;${store.now};;`
    const record = isWin ? `${head};${tail}` : ''
    const last = { 'ls:c/wheel': remembered(spin.memory, { prize, draw: this.#draw, place: store.place }) }
    store.put('s', 'chain', number)
    if (this.#memory) store.put(`u:${user}`, 'ls:c/wheel', last['ls:c/wheel'])
    if (isWin) store.put(`u:${user}`, `w:${entity}`, record)
    store.decide({
      type: isWin ? 'spin.won' : 'spin.lost',
      user,
      key: `u:${name}`,
      entity,
      adds: taken.adds,
      puts: { s: { chain: number }, ...(this.#memory && { u: last }) },
      report: [prize.id, sub, number, previous, picked.id, why, 0, ''].join(',') + taken.moves,
      record
    })
  }

  #open(): void {
    this.store.decide({ type: 'campaign.published', user: SYSTEM, activity: '', puts: { 'c:c': { ready: '1' } } })
  }

  #preload(): void {
    const { prizes, cost, winsMost } = this.#draw
    const tiers = new Set(prizes.map(({ tier }) => tier))
    const rules: Record<string, string> = {
      kind: 'draw',
      sessions: packedSession({ opensAt: OPENS, closesAt: OPENS + WINDOW_MS, id: 'all' }),
      cost: String(cost),
      cost_unit: cost > 0 ? 'points' : '',
      cost_field: cost > 0 ? 'b:points' : '',
      edition: '2',
      prizes: prizes.map(({ id }) => id).join(),
      weights: `0:${prizes.map(({ weight }) => weight).join()}`,
      fallback: this.#fallback.id,
      guarantee: byWait(prizes)
        .map(({ guaranteedAfter, id }) => `${guaranteedAfter}:${id}`)
        .join(),
      memory: this.#memory ? '1' : '0',
      wins_per_campaign: String(winsMost),
      wins_per_tier: winsMost > 0 ? [...tiers].map((tier) => `${tier}:${winsMost}`).join() : ''
    }
    for (const prize of prizes) rules[`prize:${prize.id}`] = packPrize(prize, prize === this.#fallback)
    const closes = String(OPENS + WINDOW_MS)
    const campaign = { ready: '0', opens_at: String(OPENS), closes_at: closes, zone: '0000000000000+0480' }
    const stock = prizes.flatMap(({ id, quota = 0 }) =>
      quota === 0 ? [] : [`${id}:remaining`, `${id}:total`].map((field) => [field, quota] as const)
    )
    for (const [field, quota] of stock) this.store.give('s', field, quota)
    const puts = { 'c:c': campaign, 'a:c:wheel': rules }
    const adds = { 's:c:wheel': Object.fromEntries(stock) }
    this.store.decide({ type: 'campaign.published', user: SYSTEM, activity: '', puts, adds })
  }
}
