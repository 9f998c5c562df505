import type { SpinPrize } from './rules.ts'
import type { Spin } from './spin.ts'

/** What the gate remembers of a user's spins where a draw promises prizes. */
interface Memory {
  /** losing spins in all */
  readonly losses: number
  /** of prizes that were won: how many losing spins there were until then */
  readonly wins: ReadonlyArray<{ readonly tier: number; readonly prize: string; readonly losses: number }>
}

/** Reads `<losing spins>;<epoch>-<batch>[,<tier>:<prize>:<losing spins>]...` */
function memoryOf({ user, rules, fields }: Spin): Memory {
  const [head = '', ...items] = rules.memory ? (user.texts.get(fields.lastSpin) ?? '').split(',') : []
  const wins = items.map((item) => {
    const [tier, prize = '', losses] = item.split(':')
    return { tier: Number(tier), prize, losses: Number(losses) }
  })
  return { losses: Number(/^(\d+);/.exec(head)?.[1] ?? 0), wins }
}

/** Losing spins since this user's last win of a prize or of one of a better tier. */
export function lossesSince(spin: Spin, { id, tier }: SpinPrize): number {
  const { losses, wins } = memoryOf(spin)
  const counted = wins.filter((win) => win.prize === id || win.tier < Number(tier))
  return losses - Math.max(0, ...counted.map((win) => win.losses))
}

/** What is remembered after a spin: a win makes those of worse tiers needless, and those of its own but for promised ones. */
export function memoryAfter(spin: Spin, { id, tier, type }: SpinPrize): string {
  const { line, rules } = spin
  const { losses, wins } = memoryOf(spin)
  const won = type !== 'nothing'
  const after = won ? losses : losses + 1
  const promised = (prize: string) => rules.guarantee.some((one) => one.prize === prize)
  const needed = wins.filter(
    (win) => !won || win.tier < Number(tier) || (win.tier === Number(tier) && win.prize !== id && promised(win.prize))
  )
  const all = [...(won ? [{ tier, prize: id, losses: after }] : []), ...needed]
  const items = all.map((win) => `,${win.tier}:${win.prize}:${win.losses}`).join('')
  return `${after};${line.epoch}-${line.batch}${items}`
}

/** As versions wrote it for which all but the fallback was a win, and any win began the count anew. */
export function oldMemoryAfter(spin: Spin, prize: SpinPrize): string {
  const { line, rules } = spin
  const losses = prize.id === rules.fallback ? memoryOf(spin).losses + 1 : 0
  return `${losses};${line.epoch}-${line.batch}`
}
