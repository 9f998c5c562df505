import { randomUUID } from 'node:crypto'
import t from 'tap'
import { orderId, Shop } from '../support/http/storefront.ts'
import { actsCampaign } from '../support/pages/acts.ts'
import { lookAt, openBrowser, noBrowser as skip } from '../support/pages/browser.ts'
import { openConsole } from '../support/pages/console-page.ts'
import { startStack } from '../support/servers/stack.ts'
import { waitFor } from '../support/wait.ts'

// Whatever the console lets an operator do, done once in a real browser on a real stack. Machines without a browser leave it out.

const ADDRESS = { name: 'Wu', phone: '13800000000', city: 'Shanghai', line1: 'Nanjing Road 1' }

async function open() {
  const stack = await startStack(t)
  await stack.publish(actsCampaign(Date.now()))
  const browser = await openBrowser(t)
  const world = { stack, browser }
  return { stack, shop: new Shop(stack), console: await openConsole(t, world), second: await openConsole(t, world, 1) }
}

const world = skip === false ? await open() : undefined

function parts() {
  if (world === undefined) throw new Error('there is no browser')
  return world
}

const take = (user: string, path: string, body: object = {}) =>
  parts().shop.ask(path, { method: 'POST', user, key: randomUUID(), body })

t.test('an order is shipped, followed and taken back in part; another one is cancelled', { skip }, async (t) => {
  const { shop, console } = parts()
  const { page } = console
  const order = orderId(await shop.buy('acts/phone', 'alice', { quantity: 2 }))
  const paid = { amount: 599_800, currency: 'CNY', reference: 'pay-1' }
  t.equal((await shop.operate('POST', `/orders/${order}/payment`, paid)).status, 201)
  await console.go(`/orders/${order}`)
  await console.change('Ship', { typed: { Carrier: 'SF', 'Tracking number': 'SF-1' } })
  await page.getByText('order.shipped').first().waitFor()
  await console.change('News of the parcel', { typed: { 'Where it is': 'in Shanghai' } })
  await page.getByText('in Shanghai').waitFor()
  await console.change('Take back', { typed: { Units: '1' } })
  await page.getByText('order.returned').waitFor()
  await page.getByText('¥2,999.00', { exact: true }).first().waitFor()
  await lookAt(t, page, 'order')

  const other = orderId(await shop.buy('acts/phone', 'ben'))
  await console.go(`/orders/${other}`)
  await console.change('Cancel')
  await page.getByText('order.cancelled').waitFor()
  await console.go('/orders?campaign=acts')
  await page.getByRole('row', { name: /cancelled ben/ }).waitFor()
  await lookAt(t, page, 'orders')
})

t.test('a win is approved, shipped, lost, issued again, laid ready and handed over', { skip }, async (t) => {
  const { shop, console } = parts()
  const { page } = console
  const { body } = await take('wu', '/v1/campaigns/acts/draws/wheel/spins')
  const { win } = body.spin as { readonly win: { readonly id: string } }
  t.equal((await take('wu', `/v1/wins/${win.id}/claim`, { address: ADDRESS })).status, 201)
  await console.go('/campaigns/acts/prizes')
  await page.getByRole('row', { name: /wu/ }).waitFor()
  await lookAt(t, page, 'prizes')
  await console.change('Approve')
  await page.getByText('No reward waits for somebody.').waitFor()

  await console.go(`/wins/${win.id}`)
  await console.button('Show the address').click()
  await page.getByText('Nanjing Road').waitFor()
  await lookAt(t, page, 'win')
  const facts = page.locator('.facts')
  await console.change('Shipped', { typed: { Carrier: 'SF', 'Tracking number': 'SF-2' } })
  await facts.getByText('SF SF-2').waitFor()
  for (const [title, state] of [
    ['Failed', 'failed'],
    ['Issued again', 'reissued'],
    ['Ready for pick-up', 'ready-for-pickup']
  ] as const) {
    await console.change(title)
    await facts.getByText(state, { exact: true }).waitFor()
  }
  const shown = async () => (await shop.ask(`/v1/wins/${win.id}`, { user: 'wu' })).body.pickupCode
  await waitFor(async () => typeof (await shown()) === 'string', { what: 'the winner to be shown a code' })
  await console.go('/wins')
  await page.getByLabel('Pick-up code').fill(String(await shown()).toLowerCase())
  await console.change('Hand over', { reason: '' })
  await console.dialog.getByText('Handed over, and noted.').waitFor()
  await console.close()
  await page.getByRole('row', { name: /Cup delivered/ }).waitFor()
})

t.test('codes are loaded, units granted, and somebody is let in again', { skip }, async (t) => {
  const { console } = parts()
  const { page } = console
  await console.go('/campaigns/acts/units')
  await console.button('Load codes').click()
  const codes = Buffer.from('AAAA-1\nAAAA-2\nAAAA-3\n')
  await console.dialog.getByLabel('File').setInputFiles({ name: 'codes.txt', mimeType: 'text/plain', buffer: codes })
  await console.dialog.getByRole('button', { name: 'Load', exact: true }).click()
  await console.dialog.getByRole('status').waitFor()
  await lookAt(t, page, 'codes-loaded')
  await console.close()
  await page.getByText('3 of 3 left, 0 given.').waitFor()
  await lookAt(t, page, 'units')

  await console.go('/people?q=alice')
  await console.change('Grant', { typed: { 'Unit:': 'points', 'How many': '25' } })
  await console.dialog.getByText('+25 points.').waitFor()
  await console.close()
  await page.getByText('+25 points').first().waitFor()
  await console.button('Exclude').click()
  await console.button('See what would go').click()
  await console.dialog.getByText('Nothing would be revoked.').waitFor()
  await console.dialog.getByLabel('Why').fill('by mistake')
  await console.dialog.getByRole('button', { name: 'Exclude' }).click()
  await console.dialog.getByText(/^Excluded/).waitFor()
  await console.close()
  await console.change('Let in again', { reason: 'it was one' })
  await console.dialog.getByText(/^Done/).waitFor()
  await console.close()
  await page.getByText('by mistake').waitFor()
})

t.test('orders at a wrong price are cancelled in bulk', { skip }, async (t) => {
  const { shop, console } = parts()
  const { page } = console
  for (const user of ['ann', 'bob', 'cat']) t.equal((await shop.buy('acts/case', user)).status, 201)
  await console.go('/orders?campaign=acts')
  await page.getByRole('link', { name: 'A wrong price?' }).click()
  await page.getByLabel('Activity').fill('case')
  await console.button('Show').click()
  await page.getByText('Name a price or a time too').waitFor()
  await page.getByLabel('Price').fill('1')
  await console.button('Show').click()
  await page.getByRole('row', { name: 'accepted 3 3' }).waitFor()
  await lookAt(t, page, 'wrong-price')
  await console.change('Cancel them', { reason: 'a cent instead of 100 yuan' })
  await console.dialog.getByText('It has begun: cancellation-').waitFor()
  await console.close()
  await page.getByRole('row', { name: 'cancelled 3 3' }).waitFor()
  await console.go('/parts')
  const job = page.getByRole('row', { name: /^cancellation-\d+ done/ })
  await job.getByRole('link').click()
  await page.getByRole('heading', { name: /^cancellation-\d+ done/ }).waitFor()
})

t.test('a campaign is paused, adjusted in every way, and goes on', { skip }, async (t) => {
  const { console } = parts()
  const { page } = console
  await console.go('/campaigns/acts')
  await console.change('Pause', { reason: 'a look' })
  await page.getByRole('heading', { name: 'Acts paused' }).waitFor()
  await console.change('Resume', { reason: 'all well' })
  await page.getByRole('heading', { name: 'Acts running' }).waitFor()
  const adjust = async (activity: string, way: string, typed: Readonly<Record<string, string>>) => {
    await page.getByRole('region', { name: activity }).getByRole('button', { name: 'Adjust' }).click()
    await console.dialog.getByLabel('What').selectOption({ label: way })
    for (const [label, value] of Object.entries(typed)) await console.dialog.getByLabel(label).fill(value)
    await console.dialog.getByLabel('Why').fill('as agreed')
    await console.button('Change it').click()
    await console.dialog.getByRole('status').waitFor()
    await console.close()
  }
  const tonight = new Date(Date.now() + 43_200_000).toISOString().slice(0, 16)
  await adjust('Case', 'Price', { 'Price,': '9900' })
  await adjust('Case', 'Limits', { 'At most': '1' })
  await adjust('Case', 'Closing time', { 'Closes,': tonight })
  await adjust('Case', 'Pause or go on', {})
  await page.getByRole('region', { name: 'Case' }).getByText('paused').first().waitFor()
  await adjust('Case', 'Pause or go on', {})
  await adjust('Wheel', 'Odds', { Weight: '5' })
  await adjust('Wheel', 'Stock', { Units: '-10' })
  await page.getByRole('region', { name: 'Wheel' }).getByRole('row', { name: 'cup 39' }).waitFor()
  await console.go('/campaigns/acts/draws')
  await page.getByText('1 spins.').waitFor()
  await lookAt(t, page, 'draws')
})

t.test('a version is rejected, and its author reads why', { skip }, async () => {
  const { stack, console, second } = parts()
  const path = '/admin/v1/campaigns/acts'
  const known = (await stack.admin({ method: 'GET', path: `${path}/versions?limit=1` })).body as {
    readonly items: readonly [{ readonly definition: object }]
  }
  const changed = { ...known.items[0].definition, title: 'Deeds' }
  const saved = await stack.operate({ method: 'PUT', path, body: changed })
  const { version } = saved.body as { readonly version: number }
  await stack.operate({ method: 'POST', path: `${path}/submission`, body: { version } })
  await second.go('/campaigns/acts/definition')
  await second.page.getByLabel('Why, if you reject it').fill('the old name is printed already')
  await second.page.getByRole('button', { name: `Reject version ${version}` }).click()
  await second.page.getByRole('button', { name: `Submit version ${version}` }).waitFor()
  await console.go('/audit?target=campaign:acts')
  await console.page.getByText('the old name is printed already').waitFor()
})

t.test('a baseline is noted, and the report saved as a page', { skip }, async (t) => {
  const { console } = parts()
  const { page } = console
  await console.go('/campaigns/acts/report')
  await console.button('Targets and baseline').click()
  await console.dialog.getByLabel('Users there were before').fill('1000')
  await console.dialog.getByRole('button', { name: 'Save' }).click()
  await console.dialog.getByText('Saved.').waitFor()
  await lookAt(t, page, 'baseline')
  await console.close()
  const saved = page.waitForEvent('download')
  await console.button('Save as a page').click()
  t.equal((await saved).suggestedFilename(), 'acts-report.html')
})

t.test('all three places are compared, and keys lead through the screens', { skip }, async (t) => {
  const { console } = parts()
  const { page } = console
  await console.go('/parts')
  await console.change('Compare shard 0', { reason: '' })
  await console.dialog.getByRole('status').waitFor()
  await console.close()
  await page.getByRole('row', { name: /^0 equal/ }).waitFor()
  await lookAt(t, page, 'parts')
  await page.keyboard.press('g')
  await page.keyboard.press('o')
  await page.getByRole('heading', { name: 'Orders' }).waitFor()
  await page.keyboard.press('/')
  await page.locator('input[type=search]:focus').waitFor()
  await page.keyboard.type('alice')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'alice' }).waitFor()
})
