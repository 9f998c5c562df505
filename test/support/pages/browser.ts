import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import axe, { type AxeResults } from 'axe-core'
import { type Browser, chromium, type Page } from 'playwright-core'
import type { Test } from 'tap'

// Tests of pages wait with locators only. `page.waitForFunction` with a text is evaluated inside the page, which its policy forbids.

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'
/** a folder that keeps pictures of the screens; without it none are taken */
const PICTURES = process.env.FLOODGATE_SCREENSHOTS

/** How long a page may take for whatever is waited for: machines may be slow. */
export const WAIT_MS = 60_000
export const PHONE = { width: 390, height: 844 }
export const DESKTOP = { width: 1280, height: 900 }

/** Why tests of pages are left out on this machine; false where they can be played. */
export const noBrowser: string | false = existsSync(CHROMIUM) ? false : `no browser at ${CHROMIUM}: set CHROMIUM`

/** A browser that ends with the test. */
export async function openBrowser(t: Test): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking']
  })
  t.teardown(() => browser.close())
  return browser
}

interface Visit {
  readonly size: { readonly width: number; readonly height: number }
  readonly locale?: string
}

/** A page of a browser context of its own, with nobody signed in. What the page throws fails the test. */
export async function openPage(t: Test, browser: Browser, { size, locale = 'en-US' }: Visit): Promise<Page> {
  const context = await browser.newContext({ viewport: size, locale, timezoneId: 'UTC' })
  const page = await context.newPage()
  t.teardown(async () => {
    if (!t.passing()) await keepPicture(page, `failed-${context.browser()?.contexts().indexOf(context)}`)
    await context.close()
  })
  page.setDefaultTimeout(WAIT_MS)
  page.on('pageerror', (error) => t.fail(error.message))
  return page
}

/**
 * Loses the next answers to what is asked of a path of the admin API, which is carried out.
 * @returns ends it
 */
export async function loseAnswers(page: Page, path: string, most: number): Promise<() => Promise<void>> {
  const pattern = `**/admin/v1/campaigns/${path}`
  let lost = 0
  await page.route(pattern, async (route) => {
    const response = await route.fetch()
    if (lost++ < most) await route.abort('connectionreset')
    else await route.fulfill({ response })
  })
  return () => page.unroute(pattern)
}

/** Whatever axe finds serious on a page. */
export async function findings(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate<AxeResults>('axe.run()')
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)
}

/** Keeps a picture, where a folder for them is named. @param fullPage what has to be scrolled to as well */
export async function keepPicture(page: Page, name: string, fullPage = true): Promise<void> {
  if (PICTURES === undefined) return
  mkdirSync(PICTURES, { recursive: true })
  await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage })
}

/** Looks at a screen as a desktop has it by day, and as a phone has it by night: nothing serious may be found on either. */
export async function lookAt(t: Test, page: Page, name: string): Promise<void> {
  const found = await findings(page)
  await keepPicture(page, name)
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.setViewportSize(PHONE)
  const dark = await findings(page)
  await keepPicture(page, `${name}-phone`)
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize(DESKTOP)
  t.same([found, dark], [[], []], `${name}: nothing serious by day and by night`)
}
