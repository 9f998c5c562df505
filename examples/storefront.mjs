// A shop in fifty lines: buys, spins, and knows what to say and do about every refusal.
// node examples/storefront.mjs http://127.0.0.1:3000 "$(npx floodgate token --user carol)" launch/phone lucky-week/wheel
import { createClient } from 'floodgate/client'

const at = (time) => new Date(time).toLocaleTimeString()

/** What a shopper can do about it, by code; the gateway's own words say what is wrong, in the shopper's language. */
const todo = {
  NOT_STARTED: ({ opensAt }) => `come back at ${at(opensAt)}`,
  SESSION_CLOSED: ({ nextOpensAt }) => (nextOpensAt ? `come back at ${at(nextOpensAt)}` : 'that was the last session'),
  SOLD_OUT: ({ remaining, mayReopen }) =>
    remaining > 0 ? `take ${remaining}` : mayReopen ? 'watch: some may come back' : 'all are gone',
  LIMIT_REACHED: ({ limit, resetsAt }) => `${limit} is the most${resetsAt ? ` until ${at(resetsAt)}` : ''}`,
  INSUFFICIENT_BALANCE: ({ unit, balance, required }) => `earn ${required - balance} more ${unit}`,
  NOT_ELIGIBLE: ({ requires = {} }) =>
    `first get ${Object.entries(requires)
      .map((one) => one.join(' '))
      .join(', ')}`,
  PREREQUISITE: ({ after }) => `first do ${after.join(', ')}`,
  PAUSED: () => 'it goes on soon, and this page will show it',
  UNAUTHENTICATED: () => 'sign in again',
  RATE_LIMITED: () => 'nothing was done: try again in a moment',
  UNAVAILABLE: () => 'nothing was done: try again in a moment'
}

/** How an act ended, for the shopper. @param name what a confirmed one shows */
export function tell(outcome, name) {
  switch (outcome.outcome) {
    case 'confirmed':
      return `${outcome.replayed ? 'done before' : 'done'}: ${JSON.stringify(outcome[name])}`
    case 'refused': {
      const { title, ...problem } = outcome.problem
      return `${title}: ${todo[outcome.code]?.(problem) ?? problem.detail}`
    }
    case 'unknown':
      return `not known yet (${outcome.reason}): the same key, ${outcome.key}, goes on with it`
  }
}

const [baseUrl, token, sale, draw] = process.argv.slice(2)
if (baseUrl !== undefined) {
  const shop = createClient({ baseUrl, token })
  const [campaign, phone] = sale.split('/')
  const { opensAt } = await shop.campaign(campaign)
  console.log(`${campaign} opens in ${(await shop.clock()).until(opensAt)} ms`)
  // a shop keeps the key until the outcome is known, so that a page that is opened again goes on with the same purchase
  console.log('buy', tell(await shop.buy(campaign, phone, { key: `${sale}-in-my-cart` }), 'order'))
  console.log('buy', tell(await shop.buy(campaign, phone), 'order'))
  console.log('spin', tell(await shop.spin(...draw.split('/')), 'spin'))
}
