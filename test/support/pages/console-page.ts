import type { Browser, Locator, Page } from 'playwright-core'
import type { Test } from 'tap'
import type { Stack } from '../servers/stack.ts'
import { DESKTOP, openPage } from './browser.ts'

/** The console with one of the stack's operators signed in, in a browser context of their own. @param operator from 0 */
export async function openConsole(
  t: Test,
  { stack, browser }: { readonly stack: Stack; readonly browser: Browser },
  operator = 0
): Promise<ConsolePage> {
  const { adminUrl, operators } = stack.file()
  const page = await openPage(t, browser, { size: DESKTOP })
  await page.goto(`${adminUrl}/console`)
  await page.getByLabel('Operator token').fill(Object.values(operators)[operator] ?? '')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Tonight' }).waitFor()
  return new ConsolePage(page)
}

/** What an operator does with the console. */
export class ConsolePage {
  readonly page: Page

  constructor(page: Page) {
    this.page = page
  }

  /** @param route such as `/campaigns/night` */
  async go(route: string): Promise<void> {
    const { origin } = new URL(this.page.url())
    await this.page.goto(`${origin}/console#${route}`)
  }

  get dialog(): Locator {
    return this.page.getByRole('dialog')
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name, exact: true })
  }

  /** Asks for a change in its window: what is typed, the reason, and the button that bears its name. */
  async change(title: string, { typed = {}, reason = 'as agreed' }: Asked = {}): Promise<void> {
    await this.button(title).first().click()
    for (const [label, value] of Object.entries(typed)) await this.dialog.getByLabel(label).fill(value)
    if (reason !== '') await this.dialog.getByLabel('Why', { exact: true }).fill(reason)
    await this.dialog.getByRole('button', { name: title, exact: true }).click()
  }

  /** Closes the window that says what came of a change. */
  async close(): Promise<void> {
    await this.dialog.getByRole('button', { name: 'Close' }).click()
    await this.dialog.waitFor({ state: 'detached' })
  }
}

interface Asked {
  /** by label */
  readonly typed?: Readonly<Record<string, string>>
  /** '' where none is asked for */
  readonly reason?: string
}
