import { act, type Way } from './act.ts'
import { measureClock } from './clock.ts'
import { watchCampaign } from './live.ts'
import type { Acts, Client, OwnPages, Pages, TicketOffice } from './methods.ts'
import { type Operations, watchFigures } from './operations.ts'
import { type Outcome, ReadError } from './outcome.ts'
import { solvePuzzles } from './puzzles.ts'
import { patienceFor } from './retry.ts'
import { Sender } from './sender.ts'
import type { LiveOptions } from './stream.ts'
import { getTicket, type TicketPlace } from './tickets.ts'
import type { Settings, TokenSource } from './transport.ts'

export type { Operations } from './operations.ts'
export { ReadError } from './outcome.ts'

export interface ClientOptions {
  /** of a gateway, such as https://shop.example/floodgate */
  baseUrl: string
  /** of the signed-in user; a function is asked when one is needed, and again when one is refused */
  token?: TokenSource
  /** the language of titles and refusals: en or zh-CN */
  language?: string
  /** how long an act or a read goes on trying, in ms (30000) */
  deadlineMs?: number
  /** how long one request may take, in ms (10000) */
  attemptMs?: number
  fetch?: typeof fetch
  sleep?: Settings['sleep']
  now?: Settings['now']
  random?: Settings['random']
}

function waitFor(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const end = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal?.addEventListener('abort', end)
  })
}

/** A path with each name in it encoded. */
function at(parts: TemplateStringsArray, ...names: string[]): string {
  return parts.map((part, index) => part + encodeURIComponent(names[index] ?? '')).join('')
}

function withQuery(path: string, query: object = {}): string {
  const given = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value))
  return given.size === 0 ? path : `${path}?${given}`
}

function settingsOf(options: ClientOptions): Settings {
  const { token, language } = options
  return {
    baseUrl: options.baseUrl.replace(/\/+$/, ''),
    ...(token !== undefined && { token }),
    ...(language !== undefined && { language }),
    // called as a method of something else, a browser's fetch refuses
    fetch: options.fetch ?? ((...asked) => fetch(...asked)),
    sleep: options.sleep ?? waitFor,
    now: options.now ?? (() => performance.timeOrigin + performance.now()),
    random: options.random ?? (() => (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32),
    deadlineMs: options.deadlineMs ?? 30_000,
    attemptMs: options.attemptMs ?? 10_000
  }
}

function pagesOf(sender: Sender): Pages {
  return {
    campaigns: (paging) => sender.read(withQuery('/v1/campaigns', paging)),
    campaign: (campaign) => sender.read(at`/v1/campaigns/${campaign}`),
    rules: (campaign) => sender.read(at`/v1/campaigns/${campaign}/rules`),
    hot: (campaign, query) => sender.read(withQuery(at`/v1/campaigns/${campaign}/activities/hot`, query)),
    winners: (campaign, query) => sender.read(withQuery(at`/v1/campaigns/${campaign}/winners`, query)),
    leaderboard: (campaign, board, query) =>
      sender.read(withQuery(at`/v1/campaigns/${campaign}/leaderboards/${board}`, query)),
    sharePage: (campaign, share) => sender.read(at`/v1/campaigns/${campaign}/shares/${share}`),
    shares: (campaign, paging) =>
      sender.read(withQuery(at`/v1/campaigns/${campaign}/shares`, { channel: 'community', ...paging })),
    comments: (campaign, discussion, query) =>
      sender.read(withQuery(at`/v1/campaigns/${campaign}/discussions/${discussion}/comments`, query)),
    inviteQr: (campaign, code) => sender.settings.baseUrl + at`/v1/campaigns/${campaign}/invites/${code}/qr`,
    clock: () => measureClock(sender),
    live: (campaign, onChange, options = {}) =>
      watchCampaign(sender, at`/v1/campaigns/${campaign}`, { ...options, onChange })
  }
}

function ownPagesOf(sender: Sender): OwnPages {
  return {
    me: (campaign) => sender.read(at`/v1/campaigns/${campaign}/me`),
    myInvites: (campaign, paging) => sender.read(withQuery(at`/v1/campaigns/${campaign}/me/invites`, paging)),
    myShares: (campaign, paging) => sender.read(withQuery(at`/v1/campaigns/${campaign}/me/shares`, paging)),
    orders: (query) => sender.read(withQuery('/v1/me/orders', query)),
    order: (order) => sender.read(at`/v1/orders/${order}`),
    wins: (query) => sender.read(withQuery('/v1/me/wins', query)),
    win: (win) => sender.read(at`/v1/wins/${win}`),
    claims: (query) => sender.read(withQuery('/v1/me/claims', query)),
    ledger: (query) => sender.read(withQuery('/v1/me/ledger', query)),
    request: (key) => sender.read(at`/v1/requests/${key}`)
  }
}

/** An act at a path: `wish` without key and patience is its body. */
type Take = <Seen>(path: string, wish: (Way & object) | undefined, tickets?: TicketPlace) => Promise<Outcome<Seen>>

const ticketsOf = (campaign: string, activity: string): TicketPlace => ({
  path: at`/v1/campaigns/${campaign}/tickets`,
  activity
})

function actsOf(sender: Sender): Acts {
  const take: Take = (path, { key, signal, deadlineMs, ticket, onWork, ...body }: Way = {}, tickets) => {
    const given = { key, signal, deadlineMs, ticket, onWork }
    const way = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Way
    return act(sender, path, { body, way, ...(tickets && { tickets }) })
  }
  return {
    buy: (campaign, sale, wish) =>
      take(at`/v1/campaigns/${campaign}/sales/${sale}/orders`, { quantity: 1, ...wish }, ticketsOf(campaign, sale)),
    spin: (campaign, draw, wish) =>
      take(at`/v1/campaigns/${campaign}/draws/${draw}/spins`, wish, ticketsOf(campaign, draw)),
    claim: (campaign, item, wish) =>
      take(at`/v1/campaigns/${campaign}/redemptions/${item}/claims`, { quantity: 1, ...wish }),
    complete: (campaign, task, wish) => take(at`/v1/campaigns/${campaign}/tasks/${task}/completions`, wish),
    invite: (campaign, wish) => take(at`/v1/campaigns/${campaign}/invites`, wish),
    accept: (campaign, code, wish) => take(at`/v1/campaigns/${campaign}/invites/${code}/acceptances`, wish),
    share: (campaign, wish) => take(at`/v1/campaigns/${campaign}/shares`, wish),
    assist: (campaign, share, wish) => take(at`/v1/campaigns/${campaign}/shares/${share}/assists`, wish),
    reserve: (campaign, reservation, wish) => take(at`/v1/campaigns/${campaign}/reservations/${reservation}`, wish),
    comment: (campaign, discussion, wish) =>
      take(at`/v1/campaigns/${campaign}/discussions/${discussion}/comments`, wish),
    like: (campaign, discussion, wish) => take(at`/v1/campaigns/${campaign}/discussions/${discussion}/likes`, wish),
    answer: (campaign, survey, wish) => take(at`/v1/campaigns/${campaign}/surveys/${survey}/answers`, wish),
    cancel: (order, wish) => take(at`/v1/orders/${order}/cancellation`, wish),
    claimWin: (win, wish) => take(at`/v1/wins/${win}/claim`, wish)
  }
}

function ticketsFrom(sender: Sender): TicketOffice {
  return {
    async ticket(campaign, activity, { deadlineMs, ...wish }) {
      const place = ticketsOf(campaign, activity)
      const patience = patienceFor(sender.settings, { ...wish, ...(deadlineMs !== undefined && { deadlineMs }) })
      const got = await getTicket(sender, patience, { ...place, ...wish })
      if (got.body === undefined) throw new ReadError(place.path, got.problem)
      return got.body
    },
    solve: (challenge, { signal } = {}) => solvePuzzles(challenge, signal)
  }
}

/** Connects to a gateway; asks nothing yet. */
export function createClient(options: ClientOptions): Client {
  const sender = new Sender(settingsOf(options))
  return { ...pagesOf(sender), ...ownPagesOf(sender), ...actsOf(sender), ...ticketsFrom(sender) }
}

/**
 * Watches a running campaign as an operator: calls with all its figures now and once a second, again after each lost connection.
 * @param options `baseUrl` of the admin port and an operator's `token`
 * @returns what stops it
 */
export function watchOperations(
  options: ClientOptions & LiveOptions,
  campaign: string,
  onFigures: (figures: Operations) => void
): () => void {
  const { pauseWhenHidden = false, onState = () => {} } = options
  const path = at`/admin/v1/campaigns/${campaign}/live`
  return watchFigures(settingsOf(options), path, { pauseWhenHidden, onState, onFigures })
}
