import type { Command } from 'commander'
import { gathered, wholeNumber } from './options.ts'

export function addBench(program: Command): void {
  program
    .command('bench <place>')
    .description(
      'load a deployment with purchases of CAMPAIGN/SALE, at times fixed beforehand, and prove what came of them'
    )
    .requiredOption('--url <url>', 'its public API')
    .requiredOption(
      '--tokens <file>',
      'storefront tokens, one a line, as "floodgate token --prefix load- --count 10000" prints'
    )
    .option('--rate <n>', 'purchases a second', wholeNumber, 100)
    .option('--to-rate <n>', 'the rate at the end: it grows or falls evenly (the same throughout)', wholeNumber)
    .option('--seconds <n>', 'how long', wholeNumber, 30)
    .option('--connections <n>', 'connections at most', wholeNumber, 256)
    .option('--source <address>', 'call from this address of the machine; again for more, in turn', gathered)
    .option('--keys <n>', 'keys whose outcome is asked for afterwards, at most', wholeNumber, 20_000)
    .option('--out <folder>', 'where report.json and report.html go', 'floodgate-bench')
    .option('--production', 'also when it says that it is production: real units are bought')
    .action(async (place: string, options) => {
      const { benchOutside } = await import('../load/outside/run.ts')
      const holds = await benchOutside({ place, ...options }, (text) => process.stdout.write(`${text}\n`))
      if (!holds) process.exitCode = 1
    })
}
