import { type Bug, isBug } from './bugs.ts'
import { simulate } from './run.ts'

// node build/test/simulation/play.js <first seed> [<how many>] [--bug <name>] [--overlap] [--trace] [--first]

const [, , ...args] = process.argv
const numbers = args.filter((arg) => /^\d+$/.test(arg)).map(Number)
const named = args[args.indexOf('--bug') + 1]
const bug: Bug | undefined = args.includes('--bug') && named !== undefined && isBug(named) ? named : undefined
const [first = 1, count = 1] = numbers
const singleLoss = !args.includes('--overlap')
const say = (line: string) => process.stdout.write(`${line}\n`)
const started = performance.now()
let failed = 0
let steps = 0
const sums = { caughtUp: 0, rebuilt: 0, archived: 0, deadLetters: 0 }
for (let seed = first; seed < first + count; seed += 1) {
  const trace = args.includes('--trace') ? { trace: say } : {}
  const result = simulate({ seed, bug, singleLoss, ...trace })
  steps += result.steps
  for (const name of Object.keys(sums) as Array<keyof typeof sums>) sums[name] += result[name]
  if ((seed - first + 1) % 5000 === 0) say(`${seed - first + 1} seeds so far, ${failed} failed`)
  if (result.failures.length === 0) continue
  failed += 1
  if (failed <= 200) say(`seed ${seed}: ${result.failures.join('; ')}`)
  if (args.includes('--first')) break
}
const ms = performance.now() - started
say(
  Object.entries(sums)
    .map((pair) => pair.join(' '))
    .join(', ')
)
say(`${count} seeds, ${failed} failed, ${(ms / count).toFixed(1)} ms and ${Math.round(steps / count)} steps each`)
