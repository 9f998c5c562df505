import { existsSync } from 'node:fs'
import { loadavg } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { appFiles, type BrowserApp } from '../../src/console/app-files.ts'
import { consoleApp, shopApp } from '../../src/http/server/app-pages.ts'
import { cpuMicros, machineMicros } from '../measuring/process-cpu.ts'
import { createStops, type Stops } from '../running/stops.ts'
import { publishSale } from '../stack/admin.ts'
import { type StackFile, startStack } from '../stack/stack.ts'

const CAMPAIGN = 'bench'
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'
/** Beside one another, as on the desk of whoever watches a sale. */
const SCREENS = ['', `#/campaigns/${CAMPAIGN}`, '#/parts']
/** ms in which a screen that was just opened has read what it reads once */
const SETTLE_MS = 5000

const usage = `Usage: npm run bench:pages -- [--seconds 60] [--turns 1] [--visits 5]

In a real browser (CHROMIUM, else /usr/bin/chromium) on a stack at rest: the first contentful paint of console and shop, median of
--visits, each by a browser that has nothing cached; what they weigh; and the process CPU that three screens of the console cost the
stack: --seconds without them and as long with them, --turns times. Of the browser's own CPU nothing counts. Leave the machine alone.`

const PARTS = ['gateway', 'worker', 'redis', 'nats', 'postgres'] as const
type Spent = Readonly<Record<(typeof PARTS)[number] | 'others', number>>

/** CPU of each part, in parts of a core. */
async function spentIn({ pids }: StackFile, seconds: number): Promise<Spent> {
  const [before, busy, began] = [cpuMicros(pids), machineMicros(), performance.now()]
  await delay(seconds * 1000)
  const [after, elapsed] = [cpuMicros(pids), (performance.now() - began) * 1000]
  const own = PARTS.map((part) => [part, (after[part] - before[part]) / elapsed] as const)
  const all = own.reduce((sum, [, cores]) => sum + cores, 0)
  return { ...Object.fromEntries(own), others: (machineMicros() - busy) / elapsed - all } as unknown as Spent
}

const percent = (cores: number): string => `${(cores * 100).toFixed(2)} %`
const sum = (spent: Spent): number => PARTS.reduce((all, part) => all + spent[part], 0)
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

function say(what: string, spent: Spent): void {
  const parts = PARTS.map((part) => `${part} ${percent(spent[part])}`)
  console.log(
    `${what}: ${percent(sum(spent))} of a core (${parts.join(', ')}); ${spent.others.toFixed(2)} cores busy else`
  )
}

async function signIn(page: Page, { adminUrl, operators }: StackFile): Promise<void> {
  await page.goto(`${adminUrl}/console`)
  await page.getByLabel('Operator token').fill(Object.values(operators)[0] ?? '')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Tonight' }).waitFor()
}

async function openScreens(browser: Browser, file: StackFile): Promise<() => Promise<void>> {
  const contexts: BrowserContext[] = []
  for (const screen of SCREENS) {
    const context = await browser.newContext()
    contexts.push(context)
    const page = await context.newPage()
    await signIn(page, file)
    await page.goto(`${file.adminUrl}/console${screen}`)
  }
  return async () => {
    for (const context of contexts) await context.close()
  }
}

/** ms until something of a page is seen, as the browser says it, each time by a browser that knows nothing of it. */
async function paints(browser: Browser, url: string, visits: number): Promise<number[]> {
  const found: number[] = []
  for (let visit = 0; visit < visits; visit += 1) {
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(url)
    await page.getByRole('heading').first().waitFor()
    // told after the frame in which it happened
    await delay(500)
    found.push(
      await page.evaluate<number>("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN")
    )
    await context.close()
  }
  return found
}

async function weightOf(app: BrowserApp): Promise<string> {
  const bodies = [...(await appFiles(app)).values()].map(({ body }) => Buffer.from(body))
  const bytes = bodies.reduce((all, body) => all + body.length, 0)
  const packed = bodies.reduce((all, body) => all + gzipSync(body).length, 0)
  return `${bodies.length} files, ${(bytes / 1000).toFixed(0)} kB, gzipped ${(packed / 1000).toFixed(0)} kB`
}

async function run(stops: Stops): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '60' },
      turns: { type: 'string', default: '1' },
      visits: { type: 'string', default: '5' },
      help: { type: 'boolean', default: false }
    }
  })
  if (values.help) return console.log(usage)
  if (!existsSync(CHROMIUM)) throw new Error(`There is no browser at ${CHROMIUM}. Name one by CHROMIUM.`)
  const [seconds, turns, visits] = [values.seconds, values.turns, values.visits].map(Number) as [number, number, number]
  const stack = await stops.after(startStack(), (running) => running.stop())
  const file = stack.file()
  await publishSale(file, { campaign: CAMPAIGN, stock: 1000, unitsPerUser: 1 })
  const launching = chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] })
  const browser = await stops.after(launching, (running) => running.close())
  console.log(`load ${loadavg()[0]?.toFixed(1)}`)
  for (const [app, url] of [
    [consoleApp, `${file.adminUrl}/console`],
    [shopApp, `${file.publicUrl}/shop`]
  ] as const) {
    const times = await paints(browser, url, visits)
    const each = times.map((ms) => ms.toFixed(0)).join(', ')
    console.log(`${app.base}: first contentful paint ${median(times).toFixed(0)} ms (${each}); ${await weightOf(app)}`)
  }
  const added: number[] = []
  for (let turn = 0; turn < turns; turn += 1) {
    await delay(SETTLE_MS)
    const without = await spentIn(file, seconds)
    say('no console', without)
    const close = await openScreens(browser, file)
    await delay(SETTLE_MS)
    const open = await spentIn(file, seconds)
    say(`${SCREENS.length} screens`, open)
    await close()
    added.push(sum(open) - sum(without))
  }
  console.log(`the console adds ${percent(median(added))} of a core (${added.map(percent).join(', ')})`)
}

const stops = createStops()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stops.all())
try {
  await run(stops)
} finally {
  await stops.all()
}
