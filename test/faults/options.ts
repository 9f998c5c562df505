import { Command, InvalidArgumentError } from 'commander'
import { textOf } from '../../src/base/errors.ts'

export interface FaultOptions {
  /** ids; empty: all */
  readonly rows: readonly string[]
  readonly seeds: readonly number[]
  /** sets of servers, on each of which one row runs at a time */
  readonly lanes: number
  /** of each deployment */
  readonly shards: number
  readonly list: boolean
  readonly planted: boolean
  /** bounds of time are not judged */
  readonly untimed: boolean
  /** folder for the evidence of failures */
  readonly evidence: string
}

function words(text: string): string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')
}

function seeds(text: string): number[] {
  return words(text).map((word) => {
    if (!/^\d{1,9}$/.test(word)) throw new InvalidArgumentError('Give whole numbers, such as 1,2,3.')
    return Number(word)
  })
}

function lanes(text: string): number {
  if (!/^[1-9]\d?$/.test(text)) throw new InvalidArgumentError('Give a whole number from 1 to 99.')
  return Number(text)
}

/** Reads the command line of `npm run test:faults`; ends the process after --help and wrong options. */
export function readOptions(args: readonly string[]): FaultOptions {
  const program = new Command('test:faults')
    .description('Strikes every part of Floodgate in every way of the fault matrix, and checks what is left.')
    .option('--rows <ids>', 'these rows only, such as F01,F15', words, [])
    .option('--seeds <numbers>', 'a run of each row for each', seeds, [1, 2, 3])
    .option('--lanes <n>', 'sets of servers side by side', lanes, 3)
    .option('--shards <n>', 'of each deployment', lanes, 1)
    .option('--list', 'say what the rows are, and run none', false)
    .option('--untimed', 'leave bounds of time unjudged: the machine has other things to do', false)
    .option('--planted', 'run rows against copies with a planted bug, which each must find', false)
    .option('--evidence <folder>', 'where histories and logs of failures go', 'build/evidence/faults')
  try {
    return program.parse(args, { from: 'user' }).opts<FaultOptions>()
  } catch (error) {
    process.stderr.write(`${textOf(error)}\n`)
    process.exit(1)
  }
}
