import { isShardBug } from './bugs.ts'
import { aims } from './planted.ts'
import { simulateShards } from './run.ts'

// node build/test/simulation/shards/play.js <first seed> [<how many>] [--bug <name>] [--trace] [--first]

const [, , ...args] = process.argv
const [first = 1, count = 1] = args.filter((arg) => /^\d+$/.test(arg)).map(Number)
const named = args[args.indexOf('--bug') + 1]
const bug = args.includes('--bug') && named !== undefined && isShardBug(named) ? named : undefined
const say = (line: string) => process.stdout.write(`${line}\n`)
let failed = 0
let steps = 0
const started = performance.now()
for (let seed = first; seed < first + count; seed += 1) {
  const result = simulateShards({ seed, bug, aim: bug && aims[bug], ...(args.includes('--trace') && { trace: say }) })
  steps += result.steps
  if (result.failures.length === 0) continue
  failed += 1
  if (failed <= 20) say(`seed ${seed}: ${result.failures.slice(0, 3).join('; ')}`)
  if (args.includes('--first')) break
}
const ms = (performance.now() - started) / count
say(`${count} seeds, ${failed} failed, ${ms.toFixed(1)} ms and ${Math.round(steps / count)} steps each`)
