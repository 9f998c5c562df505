import { parseArgs } from 'node:util'
import { scenarios } from './scenarios.ts'

export interface Options {
  /** length of each measured load */
  readonly seconds: number
  readonly warmupSeconds: number
  readonly rounds: number
  readonly connections: number
  readonly users: number
  readonly scenarios: readonly string[]
  /** folder for results.json, results.md and results.svg */
  readonly out: string
  /** a ratio that misses its bound fails the run, as an unmet proof does */
  readonly strict: boolean
}

export const usage = `npm run bench -- [options]

  --seconds N        length of each measured load                     (6)
  --warmup N         seconds of load before each measured one         (1)
  --rounds N         rounds; each runs every scenario once            (3)
  --connections N    keep-alive connections of the load               (64)
  --users N          storefront tokens, used in turn                  (20000)
  --scenario a,b     only these: ${scenarios.map(({ name }) => name).join(', ')}
  --out DIR          where the results go                             (bench/results)
  --strict           exit with 1 when a ratio misses its bound, too
`

/** An option is unknown or has a value that cannot be used. */
export class UsageError extends Error {}

function positive(name: string, text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new UsageError(`--${name} must be a positive number, but is ${JSON.stringify(text)}.`)
  return value
}

/** @throws UsageError */
export function readOptions(argv: readonly string[]): Options | 'help' {
  let values: Record<string, string | boolean | undefined>
  try {
    ;({ values } = parseArgs({
      args: [...argv],
      options: {
        seconds: { type: 'string', default: '6' },
        warmup: { type: 'string', default: '1' },
        rounds: { type: 'string', default: '3' },
        connections: { type: 'string', default: '64' },
        users: { type: 'string', default: '20000' },
        scenario: { type: 'string' },
        out: { type: 'string', default: 'bench/results' },
        strict: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false }
      }
    }))
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
  if (values.help === true) return 'help'
  const number = (name: string): number => positive(name, String(values[name]))
  const wanted = values.scenario === undefined ? undefined : String(values.scenario).split(',')
  const unknown = wanted?.find((name) => !scenarios.some((scenario) => scenario.name === name))
  if (unknown !== undefined) throw new UsageError(`There is no scenario ${JSON.stringify(unknown)}.`)
  return {
    seconds: number('seconds'),
    warmupSeconds: number('warmup'),
    rounds: Math.ceil(number('rounds')),
    connections: Math.ceil(number('connections')),
    users: Math.ceil(number('users')),
    scenarios: wanted ?? scenarios.filter(({ byDefault }) => byDefault).map(({ name }) => name),
    out: String(values.out),
    strict: values.strict === true
  }
}
