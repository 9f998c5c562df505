import { type ParseArgsConfig, parseArgs } from 'node:util'

type Described = NonNullable<ParseArgsConfig['options']>

/** The options of a bench; ends the process with its usage for `--help`, and for what it does not know. */
export function readArguments<Options extends Described>(usage: string, options: Options) {
  if (process.argv.includes('--help')) {
    console.log(usage)
    process.exit(0)
  }
  try {
    return parseArgs({ options }).values
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`)
    process.exit(2)
  }
}
