import { Deal, dayOf, ModelUser } from './deal.ts'
import { CODES, spin } from './draw.ts'
import type { FairSetup, TaskSetup } from './setup.ts'
import { completeStreak } from './streak.ts'

/** The rules of draws, tasks and redemptions as plain arithmetic, to compare the gate with. */

interface Keyed {
  readonly user: string
  readonly key: number
  /** another body under the same key is refused */
  readonly body: number
}

export type FairOp =
  | (Keyed & { readonly op: 'spin'; readonly level: number })
  /** `back`: local days before today for which the system reports a goal */
  | (Keyed & { readonly op: 'task'; readonly task: number; readonly system: boolean; readonly back: number })
  | (Keyed & { readonly op: 'claim'; readonly quantity: number })
  | (Keyed & { readonly op: 'grant'; readonly unit: 'points' | 'vip'; readonly amount: number })
  /** `win` counts over all wins there are */
  | { readonly op: 'take' | 'revoke'; readonly win: number; readonly key: number }

type OpOf<Name> = Extract<FairOp, { op: Name }>

export interface FairAnswer {
  readonly kind: 'confirmed' | 'refused'
  readonly code?: string
  readonly id?: string
  readonly report?: string
}

export interface ModelWin {
  readonly user: string
  readonly entity: string
  readonly prize: string
  readonly sub: string
  readonly claimBy: number | null
  readonly given: Deal['given']
  status: 'won' | 'given' | 'claimed' | 'revoked'
}

const refused = (code: string): FairAnswer => ({ kind: 'refused', code })

/** What makes two requests under one key different: everything but user and key. */
export function hashOf(op: FairOp): string {
  const { key: _key, ...rest } = op
  return Object.values(rest).join('-')
}

/** Stands for the gateway's HMAC of a spin. */
export const randomOf = (op: { readonly user: string; readonly key: number }) => `random-${op.user}-${op.key}`

/** The field that a grant credits. */
export function grantField({ campaign }: FairSetup, unit: 'points' | 'vip'): string {
  return unit === 'points' ? 'b:points' : `e:${campaign}/vip`
}

export class FairModel {
  now: number
  /** of the last decision of the epoch */
  sequence = 0
  readonly users = new Map<string, ModelUser>()
  /** `<activity>/<name>:<counter>` */
  readonly stock = new Map<string, number>()
  readonly wins: ModelWin[] = []
  readonly #epoch: string
  readonly #setup: FairSetup
  readonly #decided = new Map<string, FairAnswer & { readonly hash: string }>()
  readonly #moved = new Set<ModelWin>()
  #chain = ''
  #settles: Array<() => void> = []

  constructor(setup: FairSetup, { now, epoch, sequence }: { now: number; epoch: string; sequence: number }) {
    this.#setup = setup
    this.now = now
    this.#epoch = epoch
    this.sequence = sequence
    for (const { id, quota } of setup.draw.prizes) if (quota !== null) this.stock.set(`wheel/${id}:remaining`, quota)
    this.stock.set('mall/all:remaining', setup.mall.stock)
    this.stock.set('pool/codes/codes:remaining', setup.mall.codes)
  }

  /** The answers of one batch. What it gives is usable after it; commands that need its records are decided after it. */
  batch(ops: readonly FairOp[]): FairAnswer[] {
    const answers: FairAnswer[] = []
    let waiting = [...ops.entries()]
    while (waiting.length > 0) {
      waiting = waiting.filter(([index, op]) => {
        const answer = this.#decide(op)
        if (answer === 'wait') return true
        answers[index] = answer
        return false
      })
      for (const settle of this.#settles) settle()
      this.#settles = []
      for (const user of this.users.values()) {
        user.touched.clear()
        user.fresh.clear()
      }
      this.#moved.clear()
    }
    return answers
  }

  winOf(op: { readonly win: number }): ModelWin | undefined {
    return this.wins[op.win % Math.max(this.wins.length, 1)]
  }

  user(name: string): ModelUser {
    const user = this.users.get(name) ?? new ModelUser()
    this.users.set(name, user)
    return user
  }

  #decide(op: FairOp): FairAnswer | 'wait' {
    const win = 'win' in op ? this.winOf(op) : undefined
    const name = 'user' in op ? op.user : (win?.user ?? '')
    const place = `${name}/${op.op === 'grant' ? 'grant' : ''}${win ? `${op.op}-${win.entity}` : ''}${op.key}`
    const hash = hashOf(op)
    const known = this.#decided.get(place)
    if (known) return known.hash === hash ? known : refused('KEY_REUSED')
    const entity = `${this.#epoch}-${this.sequence + 1}`
    const today = dayOf(this.#setup, this.now)
    const day = op.op === 'task' && op.system ? today - op.back : today
    const deal = new Deal({ setup: this.#setup, user: this.user(name), stock: this.stock, now: this.now, day, entity })
    const code = this.#take(op, deal, win)
    if (code === 'wait') return 'wait'
    if (code !== undefined) return refused(code)
    this.#settles.push(deal.apply())
    this.sequence += 1
    const answer = { kind: 'confirmed' as const, id: `0-${entity}`, report: deal.facts + deal.moves }
    this.#decided.set(place, { ...answer, hash })
    return answer
  }

  /** @returns 'wait', the code of a refusal, or undefined when the deal has everything */
  #take(op: FairOp, deal: Deal, win: ModelWin | undefined): string | undefined {
    switch (op.op) {
      case 'spin':
        return this.#spin(op, deal)
      case 'task':
        return this.#complete(op, deal)
      case 'claim':
        return this.#claim(op, deal)
      case 'grant':
        return this.#grant(op, deal)
      default:
        return win ? this.#change(op.op, win, deal) : 'NOT_FOUND'
    }
  }

  #spin(op: OpOf<'spin'>, deal: Deal): string | undefined {
    const spun = spin(deal, { random: randomOf(op), level: op.level, chain: this.#chain })
    if (typeof spun === 'string') return spun
    const { prize, sub, number } = spun
    this.#chain = number
    if (prize.type === 'nothing') return undefined
    const credits = deal.given.length > 0
    const claimBy = !credits && prize.claimWithinMs > 0 ? this.now + prize.claimWithinMs : null
    const status = credits ? 'given' : 'won'
    const win: ModelWin = {
      user: op.user,
      entity: deal.entity,
      prize: prize.id,
      sub,
      claimBy,
      given: deal.given,
      status
    }
    this.wins.push(win)
    this.#moved.add(win)
    return undefined
  }

  #complete(op: OpOf<'task'>, deal: Deal): string | undefined {
    const { campaign, tasks } = this.#setup
    const { user, day } = deal
    const task = tasks[op.task] as TaskSetup
    if (task.goal && !op.system) return 'UNVERIFIED'
    const daily = task.per === 'day'
    const records = task.after.map((id) => `t:${campaign}/${id}`)
    for (const record of records) if (user.touched.has(record)) return 'wait'
    if (records.some((record) => !user.records.has(record))) return 'PREREQUISITE'
    const streakField = `st:${campaign}/${task.id}`
    if (task.streak.length > 0 && user.touched.has(streakField)) return 'wait'
    const multiplied = [task.reward, ...task.streak.map(({ reward }) => reward)].flat().some((give) => give.multiplied)
    const factor = multiplied ? this.#factor(task.id, deal) : 1
    if (factor === 'wait') return 'wait'
    const times = `n:${campaign}/${task.id}`
    if (user.get(daily ? `${times}@${day}` : times) > 0) return 'ALREADY_DONE'
    deal.reward(task.reward, factor)
    const [length, bonus] = task.streak.length > 0 ? completeStreak(deal, task, factor) : ['', '0']
    deal.put(`t:${campaign}/${task.id}`, '')
    deal.count(task.id, 1, daily)
    deal.facts = [daily ? day : '', length, bonus, deal.capped, deal.factor].join()
    return undefined
  }

  /** What a doubler in force multiplies a task by. */
  #factor(task: string, { user, now }: Deal): number | 'wait' {
    const field = `db:${this.#setup.campaign}`
    const cards = (user.records.get(field) ?? '').split(',').map((card) => card.split(';'))
    const inForce = cards.filter(([until = '', , names = '']) => {
      return Number(until) > now && (names === '' || names.split('+').includes(task))
    })
    const [best] = inForce.toSorted(([, one], [, other]) => Number(other) - Number(one))
    const [, factor = '1', , entity = ''] = best ?? []
    return user.fresh.has(entity.slice(1)) ? 'wait' : Number(factor)
  }

  #claim({ quantity }: OpOf<'claim'>, deal: Deal): string | undefined {
    const { campaign, mall } = this.#setup
    const { user } = deal
    const entitlement = `e:${campaign}/${mall.entitlement}`
    if (mall.entitlement !== '' && user.get(entitlement) < 1) return 'NOT_ELIGIBLE'
    if (mall.unitsPerUser > 0 && user.get(`n:${campaign}/mall`) + quantity > mall.unitsPerUser) return 'LIMIT_REACHED'
    const balance = user.get('b:points')
    if (balance < mall.cost * quantity) return 'INSUFFICIENT_BALANCE'
    if (Math.min(deal.left('mall/all'), deal.left('pool/codes/codes')) < quantity) return 'SOLD_OUT'
    deal.take('mall/all', quantity)
    deal.take('pool/codes/codes', quantity)
    const cost = mall.cost * quantity
    if (cost > 0) {
      deal.add('b:points', -cost)
      deal.move('points', -cost, balance - cost)
    }
    if (mall.entitlement !== '') deal.add(entitlement, -1)
    deal.count('mall', quantity, false)
    deal.facts = `${quantity},codes`
    return undefined
  }

  #grant({ unit, amount }: OpOf<'grant'>, deal: Deal): undefined {
    const field = grantField(this.#setup, unit)
    const applied = Math.max(amount, -deal.user.get(field)) + 0
    deal.add(field, Math.min(applied, 0))
    if (applied > 0) deal.give(field, applied)
    deal.facts = String(applied)
  }

  #change(op: 'take' | 'revoke', win: ModelWin, deal: Deal): string | undefined {
    if (this.#moved.has(win)) return 'wait'
    if (win.status === 'revoked') return 'VOIDED'
    if (op === 'take') {
      if (win.status !== 'won') return 'ALREADY_DONE'
      if (win.claimBy !== null && this.now >= win.claimBy) return 'CLAIM_EXPIRED'
    }
    deal.facts = win.entity
    if (op === 'revoke') this.#takeBack(win, deal)
    win.status = op === 'take' ? 'claimed' : 'revoked'
    this.#moved.add(win)
    return undefined
  }

  #takeBack(win: ModelWin, deal: Deal): void {
    for (const { unit, field, amount } of win.given) {
      if (field.startsWith('db:')) {
        const held = deal.user.records.get(field) ?? ''
        const rest = held.split(',').filter((card) => !card.endsWith(`;@${win.entity}`))
        if (rest.join() !== held) deal.put(field, rest.join())
        continue
      }
      if (amount === 0) continue
      const there = deal.here(field)
      const taken = Math.min(there, amount)
      deal.add(field, -taken)
      deal.move(unit, -taken + 0, there - taken)
      if (taken < amount) deal.facts += `,${unit} ${amount - taken}`
      if (taken < amount && field.startsWith('e:')) {
        const owed = `eo${field.slice(1)}`
        deal.put(owed, String(Number(deal.user.records.get(owed) ?? 0) + amount - taken))
      }
    }
    const { campaign, draw } = this.#setup
    const { tier } = draw.prizes.find(({ id }) => id === win.prize) ?? {}
    for (const field of [`wn:${campaign}/wheel`, `wn:${campaign}/wheel/${tier}`]) {
      if (deal.user.get(field) > 0) deal.give(field, -1)
    }
    const { quota = null, coded } = draw.prizes.find(({ id }) => id === win.prize) ?? {}
    // a code that was not shown yet goes back
    if (coded && win.status === 'won') deal.take(CODES, -1)
    if (quota !== null) deal.take(`wheel/${win.prize}`, -1)
  }
}
