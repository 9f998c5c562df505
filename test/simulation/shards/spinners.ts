import type { Decision } from './decision.ts'

/** Losing spins after which the prize is promised. */
export const PROMISED_AFTER = 3
/** Of 100 numbers, so many mean the prize. */
export const MEANS = 30

interface Spinner {
  losses: number
  /** the spin whose prize is not known yet */
  drawn: string
}

/** What a shard knows of users who spin; and what no process knows: every number that was rolled, and whether it was decided. */
export class Spinners {
  readonly rolled = new Map<string, { readonly rolled: number[]; readonly decided: number[] }>()
  readonly #users = new Map<string, Spinner>()

  clear(): void {
    this.#users.clear()
  }

  of(user: string): Spinner {
    const spinner = this.#users.get(user) ?? { losses: 0, drawn: '' }
    this.#users.set(user, spinner)
    return spinner
  }

  note({ id, type, user, amount }: Decision): void {
    if (type !== 'spun' && type !== 'drawn' && type !== 'finished') return
    const spinner = this.of(user)
    if (type === 'drawn') spinner.drawn = id
    else spinner.losses = amount > 0 ? 0 : spinner.losses + 1
    if (type === 'finished') spinner.drawn = ''
  }

  rolls({ user, key }: Pick<Decision, 'user' | 'key'>) {
    const rolls = this.rolled.get(`${user} ${key}`) ?? { rolled: [], decided: [] }
    this.rolled.set(`${user} ${key}`, rolls)
    return rolls
  }
}
