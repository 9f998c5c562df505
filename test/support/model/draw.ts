import { createHash } from 'node:crypto'
import type { Deal } from './deal.ts'
import { guaranteesOf, hasMemory, type PrizeSetup } from './setup.ts'

/** What a spin is decided by: the gateway's HMAC, the user's level, the draw's previous number. */
export interface SpinInput {
  readonly random: string
  readonly level: number
  readonly chain: string
}

export interface Spun {
  readonly number: string
  readonly prize: PrizeSetup
  readonly sub: string
}

function walk<Item>(items: readonly Item[], weightOf: (item: Item) => number, number: number): Item | undefined {
  let rest = number % items.reduce((sum, item) => sum + weightOf(item), 0)
  return items.find((item) => {
    rest -= weightOf(item)
    return rest < 0
  })
}

/** The pool that prizes and redemptions take codes from. */
export const CODES = 'pool/codes/codes'

const winsField = ({ setup }: Deal) => `wn:${setup.campaign}/wheel`
const lossesField = ({ setup }: Deal) => `ls:${setup.campaign}/wheel`

function isCapped(deal: Deal, { tier }: PrizeSetup): boolean {
  const { user, setup } = deal
  const { winsPerCampaign, winsOfTierOne } = setup.draw
  if (winsPerCampaign > 0 && user.get(winsField(deal)) >= winsPerCampaign) return true
  return tier === 1 && winsOfTierOne > 0 && user.get(`${winsField(deal)}/1`) >= winsOfTierOne
}

function obstacle(deal: Deal, prize: PrizeSetup): string {
  const { setup, user, now } = deal
  const { draw, campaign, opensAt, closesAt } = setup
  if (prize.id === draw.fallback) return ''
  if (user.get(`n:${campaign}/wheel`) < prize.minSpins) return 'early'
  if (prize.type !== 'nothing' && isCapped(deal, prize)) return 'capped'
  if (prize.coded && deal.left(CODES) < 1) return 'exhausted'
  if (prize.quota === null) return ''
  if (deal.left(`wheel/${prize.id}`) < 1) return 'exhausted'
  const paid = deal.stock.get(`wheel/${prize.id}:paid`) ?? 0
  // unit i of n opens at (i - 1/2)/n of the window
  const opened = (paid + 0.5) / prize.quota <= (now - opensAt) / (closesAt - opensAt)
  return prize.even && !opened ? 'unreleased' : ''
}

/** What is kept of the user: losing spins in all, and how many there were at the last win of each prize. */
function memoryOf(deal: Deal): { losses: number; wins: Array<{ tier: number; id: string; losses: number }> } {
  const [losses = '', ...items] = (deal.user.records.get(lossesField(deal)) ?? '').split(',')
  const wins = items.map((item) => {
    const [tier = '', id = '', at = ''] = item.split(':')
    return { tier: Number(tier), id, losses: Number(at) }
  })
  return { losses: Number(losses), wins }
}

/** Losing spins since the last win of the prize or of one of a better tier. */
function lossesSince(deal: Deal, prize: PrizeSetup): number {
  const { losses, wins } = memoryOf(deal)
  const last = wins.filter(({ id, tier }) => id === prize.id || tier < prize.tier).map((win) => win.losses)
  return losses - Math.max(0, ...last)
}

function remember(deal: Deal, prize: PrizeSetup): void {
  const { losses, wins } = memoryOf(deal)
  const promised = guaranteesOf(deal.setup.draw).map(({ id }) => id)
  const won = prize.type !== 'nothing'
  const after = losses + (won ? 0 : 1)
  const kept = wins.filter(({ id, tier }) => {
    return !won || tier < prize.tier || (tier === prize.tier && id !== prize.id && promised.includes(id))
  })
  const all = won ? [{ tier: prize.tier, id: prize.id, losses: after }, ...kept] : kept
  deal.put(lossesField(deal), [String(after), ...all.map((win) => `${win.tier}:${win.id}:${win.losses}`)].join())
}

/** Spins; notes in the deal all that the spin takes and gives. @returns what was won, 'wait', or the code of a refusal */
export function spin(deal: Deal, input: SpinInput): Spun | string {
  const { user, setup } = deal
  const { draw, campaign } = setup
  if (hasMemory(draw) && user.touched.has(lossesField(deal))) return 'wait'
  const times = `n:${campaign}/wheel`
  if (draw.perDay > 0 && user.get(`${times}@${deal.day}`) >= draw.perDay) return 'LIMIT_REACHED'
  if (draw.perCampaign > 0 && user.get(times) >= draw.perCampaign) return 'LIMIT_REACHED'
  const left = deal.pay()
  if (left === 'INSUFFICIENT_BALANCE') return left
  const digest = createHash('sha1').update(`${input.random};${deal.entity};${input.chain}`).digest('hex')
  const weightOf = (prize: PrizeSetup) => prize.weights[Math.min(input.level, 1) as 0 | 1]
  const picked = walk(draw.prizes, weightOf, Number.parseInt(digest.slice(0, 13), 16))
  const fallback = draw.prizes.find(({ id }) => id === draw.fallback)
  if (!picked || !fallback) throw new Error('The setup of the draw has no such prize.')
  const promised = guaranteesOf(draw).find(
    (prize) => lossesSince(deal, prize) >= prize.guaranteedAfter && obstacle(deal, prize) === ''
  )
  const why = promised ? 'guaranteed' : obstacle(deal, picked)
  const prize = promised ?? (why === '' ? picked : fallback)
  const sub = walk(prize.subs, ({ weight }) => weight, Number.parseInt(digest.slice(13, 26), 16))
  deal.reward(prize.reward)
  if (sub) deal.reward(sub.reward)
  noteSpin(deal, prize)
  const number = digest.slice(0, 13)
  deal.facts = [prize.id, sub?.id ?? '', number, input.chain, picked.id, why, input.level, left].join()
  return { number, prize, sub: sub?.id ?? '' }
}

function noteSpin(deal: Deal, prize: PrizeSetup): void {
  const { draw } = deal.setup
  const won = prize.type !== 'nothing'
  deal.count('wheel', 1, draw.perDay > 0 || draw.daily > 0)
  if (prize.quota !== null) deal.take(`wheel/${prize.id}`, 1)
  if (prize.coded) deal.take(CODES, 1)
  if (won) deal.add(winsField(deal), 1)
  if (won && prize.tier === 1 && draw.winsOfTierOne > 0) deal.add(`${winsField(deal)}/1`, 1)
  if (hasMemory(draw)) remember(deal, prize)
}
