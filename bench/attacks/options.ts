import { parseArgs } from 'node:util'
import { UsageError } from '../options.ts'
import { attacks } from './attacks.ts'

export interface AttackOptions {
  readonly only: readonly string[]
  readonly seconds: number
  readonly pairs: number
}

export const usage = `npm run bench:attacks -- [options]

  --only D1,D4       only these: ${attacks.map(({ id }) => id).join(', ')}
  --seconds N        length of each run, calm or attacked    (20)
  --pairs N          pairs of a calm and an attacked run      (3)
`

function positive(name: string, text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new UsageError(`--${name} must be a positive number, but is ${JSON.stringify(text)}.`)
  return value
}

/** @throws UsageError */
export function readAttackOptions(argv: readonly string[]): AttackOptions | 'help' {
  let values: { only?: string; seconds?: string; pairs?: string; help?: boolean }
  try {
    const text = { type: 'string' } as const
    const options = { only: text, seconds: text, pairs: text, help: { type: 'boolean' } } as const
    ;({ values } = parseArgs({ args: [...argv], options }))
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
  if (values.help === true) return 'help'
  const only = values.only?.split(',') ?? attacks.map(({ id }) => id)
  const unknown = only.find((name) => !attacks.some(({ id }) => id === name))
  if (unknown !== undefined) throw new UsageError(`There is no attack ${JSON.stringify(unknown)}.`)
  const pairs = Math.ceil(positive('pairs', values.pairs ?? '3'))
  return { only, seconds: positive('seconds', values.seconds ?? '20'), pairs }
}
