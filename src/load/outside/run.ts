import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { CommandError } from '../../base/errors.ts'
import { ID } from '../../base/shapes.ts'
import { openLoop } from '../open-loop.ts'
import { readDeployment, readRemaining } from './deployment.ts'
import { asHtml } from './page.ts'
import { prove } from './proof.ts'
import { Purchases } from './purchases.ts'
import { asText, type BenchOptions, type OutsideReport } from './report.ts'

const PLACE = new RegExp(`^(${ID})/(${ID})$`)
const GIVE_UP_MS = 10_000
const MOST_RATE = 100_000

function checked(options: BenchOptions): { campaign: string; sale: string } {
  const refuse = (what: string, remedy: string): never => {
    throw new CommandError(what, 'No load was sent.', remedy)
  }
  const [, campaign, sale] = PLACE.exec(options.place) ?? []
  if (campaign === undefined || sale === undefined) {
    return refuse(`${JSON.stringify(options.place)} is no CAMPAIGN/SALE.`, 'For example: launch/phone')
  }
  if (!URL.canParse(options.url) || !/^https?:$/.test(new URL(options.url).protocol))
    refuse(`--url ${JSON.stringify(options.url)} is no address.`, 'For example: --url https://shop.example.com')
  for (const rate of [options.rate, options.toRate ?? 1]) {
    if (rate < 1 || rate > MOST_RATE) refuse(`A rate of ${rate} is not possible.`, `Give 1 to ${MOST_RATE} a second.`)
  }
  if (options.seconds < 1 || options.connections < 1) refuse('Nothing would be sent.', 'Give 1 or more.')
  const wrong = options.source?.find((address) => isIP(address) === 0)
  if (wrong !== undefined) refuse(`--source ${wrong} is no address.`, 'Give addresses of this machine.')
  return { campaign, sale }
}

async function readTokens(path: string): Promise<string[]> {
  const tokens = (await readFile(path, 'utf8')).split(/\s+/).filter((token) => token !== '')
  if (tokens.length > 0 && tokens.every((token) => /^[\w-]+\.[\w-]+\.[\w-]*$/.test(token))) return tokens
  throw new CommandError(
    `${path} does not hold storefront tokens, one a line.`,
    'No load was sent.',
    'With TOKEN_SECRET at hand: npx floodgate token --prefix load- --count 10000 > tokens'
  )
}

/**
 * Loads a deployment with purchases, proves what came of them, and writes a report as JSON and HTML.
 * @returns whether the proof holds and the run counts
 * @throws CommandError when no load was sent
 */
export async function benchOutside(options: BenchOptions, say: (text: string) => void): Promise<boolean> {
  const { campaign, sale } = checked(options)
  const tokens = await readTokens(options.tokens)
  const url = options.url.replace(/\/+$/, '')
  const deployment = await readDeployment(url, options.production === true)
  const remaining = await readRemaining(url, { campaign, sale })
  const { rate, toRate, seconds, connections, source, keys, production } = options
  const run = `bench-${randomBytes(6).toString('hex')}`
  const purchases = new Purchases({ url, campaign, sale, tokens, run })
  const rates = toRate === undefined ? `${rate}` : `${rate} to ${toRate}`
  say(
    `${rates} purchases a second for ${seconds} s at ${url}, ${deployment.environment}, as ${tokens.length} users ...`
  )
  const load = await openLoop({
    url,
    most: connections,
    giveUpMs: GIVE_UP_MS,
    ...(source && { sources: source }),
    arrivals: { perSecond: rate, seconds, ...(toRate !== undefined && { toPerSecond: toRate }) },
    shot: (number) => purchases.shot(number),
    ended: (number, ending, outcome) => purchases.ended(number, ending, outcome)
  })
  const proof = await prove({ deployment, campaign, sale, tokens, purchases, remaining, most: keys, say })
  const report: OutsideReport = {
    at: new Date().toISOString(),
    url,
    environment: deployment.environment,
    place: options.place,
    options: {
      ...{ rate, seconds, connections, keys, users: tokens.length },
      ...(toRate !== undefined && { toRate }),
      ...(source && { source }),
      ...(production !== undefined && { production })
    },
    load,
    proof
  }
  await mkdir(options.out, { recursive: true })
  await writeFile(join(options.out, 'report.json'), `${JSON.stringify(report, null, 2)}\n`)
  await writeFile(join(options.out, 'report.html'), asHtml(report))
  say(`\n${asText(report)}\n\nWritten: report.json and report.html in ${options.out}`)
  return !load.void && proof.broken.length === 0
}
