// What a client can do. An act resolves to how it ended, whatever happens on the way; a read rejects with a ReadError.
import type { Way } from './act.ts'
import type { Claim, Head, Order, Shown, ShownByAny, Win } from './answers.ts'
import type { Campaign, List, Rules } from './campaigns.ts'
import type { Clock } from './clock.ts'
import type { Outcome } from './outcome.ts'
import type {
  Comments,
  CommunityShare,
  HotActivity,
  Leaderboard,
  LedgerEntry,
  MyInvites,
  MyShare,
  SharePage,
  Standing,
  Winner
} from './people.ts'
import type { Challenge } from './puzzles.ts'
import type { LiveOptions } from './stream.ts'
import type { Ticket } from './tickets.ts'

/** Which page of a list. */
interface Paging {
  limit?: number
  cursor?: string
}

interface OfCampaign extends Paging {
  campaign?: string
}

/** What everybody may read. */
export interface Pages {
  /** published campaigns */
  campaigns(paging?: Paging): Promise<List<Campaign>>
  campaign(campaign: string): Promise<Campaign>
  rules(campaign: string): Promise<Rules>
  /** the most used activities */
  hot(campaign: string, query?: { limit?: number }): Promise<List<HotActivity>>
  winners(campaign: string, query?: Paging & { draw?: string }): Promise<List<Winner>>
  /** @param query.period the date of a day, or of the Monday of a week */
  leaderboard(campaign: string, board: string, query?: { limit?: number; period?: string }): Promise<Leaderboard>
  /** A share's page; a signed-in visit verifies it where a visit does. */
  sharePage(campaign: string, share: string): Promise<SharePage>
  /** what users shared in the community */
  shares(campaign: string, paging?: Paging): Promise<List<CommunityShare>>
  /** @param query.type with `id`: of one subject */
  comments(campaign: string, discussion: string, query?: Paging & { type?: string; id?: string }): Promise<Comments>
  /** the address of a picture (SVG) of an invitation's link, for `<img>` */
  inviteQr(campaign: string, code: string): string
  /** the server's clock, measured anew */
  clock(): Promise<Clock>
  /** Watches a campaign: calls with all of it now and at each change. @returns what stops it */
  live(campaign: string, onChange: (campaign: Campaign) => void, options?: LiveOptions): () => void
}

interface PendingRequest {
  outcome: 'pending'
  requestId: string
  statusUrl: string
  retryAfterMs: number
}

/** What the signed-in user has. */
export interface OwnPages {
  /** balances, chances, what is left of limits */
  me(campaign: string): Promise<Standing>
  myInvites(campaign: string, paging?: Paging): Promise<MyInvites>
  /** what the user shared in a campaign, with what became of it */
  myShares(campaign: string, paging?: Paging): Promise<List<MyShare>>
  orders(query?: OfCampaign): Promise<List<Order>>
  order(order: string): Promise<Order>
  wins(query?: OfCampaign): Promise<List<Win>>
  win(win: string): Promise<Win>
  claims(query?: OfCampaign): Promise<List<Claim>>
  ledger(query?: OfCampaign): Promise<List<LedgerEntry>>
  /** What was confirmed under a key, or that it is pending. Rejects with NOT_FOUND where no decision stands: send the act again, with the key. */
  request(key: string): Promise<(Head & ShownByAny) | PendingRequest>
}

/** Where a physical prize is sent. */
interface Address {
  name: string
  phone: string
  country?: string
  province?: string
  city: string
  district?: string
  line1: string
  line2?: string
  postalCode?: string
}

interface NewShare {
  channel: string
  subject: { type: 'goods' | 'campaign' | 'experience' | 'result'; id: string }
  text?: string
}

interface NewComment {
  subject: { type: 'share' | 'item' | 'topic'; id: string }
  text: string
  replyTo?: string
}

interface NewLike {
  subject: { type: 'share' | 'item' | 'topic' | 'comment'; id: string }
}

/** How an act ends. */
type Ended<Name extends keyof Shown> = Promise<Outcome<Shown[Name]>>

/** What the signed-in user does. */
export interface Acts {
  buy(campaign: string, sale: string, wish?: Way & { quantity?: number }): Ended<'buy'>
  spin(campaign: string, draw: string, wish?: Way): Ended<'spin'>
  claim(campaign: string, item: string, wish?: Way & { quantity?: number }): Ended<'claim'>
  complete(campaign: string, task: string, wish?: Way & { proof?: string }): Ended<'complete'>
  /** my invitation code, the same each time */
  invite(campaign: string, wish?: Way): Ended<'invite'>
  accept(campaign: string, code: string, wish?: Way): Ended<'accept'>
  share(campaign: string, wish: Way & NewShare): Ended<'share'>
  assist(campaign: string, share: string, wish?: Way): Ended<'assist'>
  reserve(campaign: string, reservation: string, wish?: Way & { session?: string }): Ended<'reserve'>
  comment(campaign: string, discussion: string, wish: Way & NewComment): Ended<'comment'>
  like(campaign: string, discussion: string, wish: Way & NewLike): Ended<'like'>
  answer(campaign: string, survey: string, wish: Way & { answers: Record<string, unknown> }): Ended<'answer'>
  cancel(order: string, wish?: Way): Ended<'cancel'>
  /** `claimRequires` of the win says which of the fields it asks for */
  claimWin(win: string, wish?: Way & { address?: Address; account?: string }): Ended<'claimWin'>
}

/** Tickets of sales and draws that require them. `buy` and `spin` get theirs by themselves: this is for whoever wants it before an opening. */
export interface TicketOffice {
  /** A ticket for the act with this key, for a few minutes. Rejects with a ReadError where none is given. */
  ticket(campaign: string, activity: string, wish: Way & { key: string }): Promise<Ticket>
  /** The solution of a challenge, in a Worker where the page may have one, else in slices between which the page goes on. */
  solve(challenge: Challenge, options?: { signal?: AbortSignal }): Promise<number[]>
}

/** A client of one user. */
export interface Client extends Pages, OwnPages, Acts, TicketOffice {}
