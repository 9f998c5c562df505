import { parseArgs } from 'node:util'
import type { Scenario } from './scenarios/scenario.ts'
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
  /** README, its chart and the result behind them are written anew */
  readonly publish: boolean
  /** a ratio that misses its bound fails the run, as an unmet proof does */
  readonly strict: boolean
  /** commit whose stack this one is compared with, pair by pair */
  readonly against: string | undefined
  readonly pairs: number
  /** how much more CPU per answer than that commit's is too much, in percent */
  readonly bound: number
}

export const usage = `npm run bench -- [options]

  --seconds N        length of each measured load                     (6)
  --warmup N         seconds of load before each measured one         (1)
  --rounds N         rounds; each runs every scenario once            (3)
  --connections N    keep-alive connections of the load               (64)
  --users N          storefront tokens, used in turn                  (20000)
  --scenario a,b     only these: ${scenarios.map(({ name }) => name).join(', ')}
  --quick            everything once and briefly, in less than two minutes: shows that it works, measures little
  --out DIR          where results go, in a folder by date and commit (bench/results)
  --publish          write README's table, its chart and docs/benchmark.json from this run
  --strict           exit with 1 when a ratio misses its bound, too

  --against COMMIT   compare with that commit: its stack and this one by turns, one at rest
  --pairs N          measurements of each side and scenario           (8)
  --bound N          percent more CPU per answer that are too much    (3)
                     (--scenario confirmed,refused by default)
`

/** An option is unknown or has a value that cannot be used. */
export class UsageError extends Error {}

function positive(name: string, text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new UsageError(`--${name} must be a positive number, but is ${JSON.stringify(text)}.`)
  return value
}

const isYardstick = ({ target }: Scenario): boolean => target !== 'gateway'

const USUAL: Readonly<Record<string, string>> = { seconds: '6', warmup: '1', rounds: '3' }
const BRIEF: Readonly<Record<string, string>> = { seconds: '2', warmup: '0.3', rounds: '1' }

/** @throws UsageError */
export function readOptions(argv: readonly string[]): Options | 'help' {
  let values: Record<string, string | boolean | undefined>
  try {
    ;({ values } = parseArgs({
      args: [...argv],
      options: {
        seconds: { type: 'string' },
        warmup: { type: 'string' },
        rounds: { type: 'string' },
        quick: { type: 'boolean', default: false },
        publish: { type: 'boolean', default: false },
        connections: { type: 'string', default: '64' },
        users: { type: 'string', default: '20000' },
        scenario: { type: 'string' },
        out: { type: 'string', default: 'bench/results' },
        strict: { type: 'boolean', default: false },
        against: { type: 'string' },
        pairs: { type: 'string', default: '8' },
        bound: { type: 'string', default: '3' },
        help: { type: 'boolean', default: false }
      }
    }))
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
  if (values.help === true) return 'help'
  const usual = values.quick === true ? BRIEF : USUAL
  const number = (name: string): number => positive(name, String(values[name] ?? usual[name]))
  const wanted = values.scenario === undefined ? undefined : String(values.scenario).split(',')
  const unknown = wanted?.find((name) => !scenarios.some((scenario) => scenario.name === name))
  if (unknown !== undefined) throw new UsageError(`There is no scenario ${JSON.stringify(unknown)}.`)
  const against = values.against === undefined ? undefined : String(values.against)
  const yardstick = against && wanted?.find((name) => scenarios.some((each) => each.name === name && isYardstick(each)))
  if (yardstick) throw new UsageError(`The scenario ${yardstick} measures no stack: there is nothing to compare.`)
  const chosen = scenarios.filter(({ byDefault }) => byDefault).map(({ name }) => name)
  return {
    seconds: number('seconds'),
    warmupSeconds: number('warmup'),
    rounds: Math.ceil(number('rounds')),
    connections: Math.ceil(number('connections')),
    users: Math.ceil(number('users')),
    scenarios: wanted ?? (against === undefined ? chosen : ['confirmed', 'refused']),
    out: String(values.out),
    publish: values.publish === true,
    strict: values.strict === true,
    against,
    pairs: Math.ceil(number('pairs')),
    bound: number('bound')
  }
}
