import { CommandError } from '../../base/errors.ts'

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** Seconds of `90s`, `30m`, `1h` or `7d`. @throws CommandError naming the option for anything else */
export function secondsOf(option: string, text: string): number {
  const [, amount = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? []
  const seconds = Number(amount) * (units[unit] ?? 0)
  if (seconds > 0) return seconds
  throw new CommandError(
    `${option} ${JSON.stringify(text)} is not a time such as 90s, 30m, 1h, 7d.`,
    'Nothing was done.',
    `For example: ${option} 1h`
  )
}
