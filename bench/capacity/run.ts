import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { PUBLISHED, type Published } from '../report/published.ts'
import { costsOf } from './model.ts'
import { needTable } from './page.ts'

// Says what a load needs, from the costs of a result of the benchmarks.

const usage = `npm run bench:capacity -- --requests N [--accepted PART] [--result FILE]

  --requests N     requests a second that reach the gate
  --accepted PART  part of them that gets something, 0 to 1        (0.02)
  --result FILE    result of npm run bench                         (${PUBLISHED.result})
`

function readLoad(requests: string | undefined, accepted: string): { perSecond: number; accepted: number } | string {
  const load = { perSecond: Number(requests), accepted: Number(accepted) }
  if (!(load.perSecond > 0)) return '--requests must be a number of requests a second above 0.'
  if (!(load.accepted >= 0 && load.accepted <= 1)) return '--accepted must be a part between 0 and 1.'
  return load
}

async function run(): Promise<number> {
  const { values } = parseArgs({
    options: {
      requests: { type: 'string' },
      accepted: { type: 'string', default: '0.02' },
      result: { type: 'string', default: PUBLISHED.result },
      help: { type: 'boolean', default: false }
    }
  })
  const load = readLoad(values.requests, values.accepted)
  if (values.help || typeof load === 'string') {
    console.log(values.help ? usage : `${load}\n\n${usage}`)
    return values.help ? 0 : 2
  }
  const { summaries } = JSON.parse(await readFile(values.result, 'utf8')) as Published
  console.log(needTable(costsOf(summaries), [load]))
  return 0
}

try {
  process.exitCode = await run()
} catch (error) {
  console.error(`${(error as Error).message}\n\n${usage}`)
  process.exitCode = 2
}
