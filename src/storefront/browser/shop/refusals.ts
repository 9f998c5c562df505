import type { Problem, ProblemCode } from 'floodgate/client'
import { amountOf, moment, titleOf } from './format.ts'
import { campaign } from './here.ts'
import { language, say } from './words.ts'

/** English, Chinese. */
type Said = readonly [en: string, zh: string]
type Advice = { readonly [Code in ProblemCode]?: (problem: Problem<Code>) => Said }

const SOON: Said = ['Nothing was done. Try again in a moment.', '未产生任何操作，请稍后再试。']
/** What may be missing, by the names that the gateway gives it. */
const NEEDS: Readonly<Record<string, (value: unknown) => string>> = {
  entitlement: (what) => say('rightTo', { what: String(what) }),
  level: (level) => say('requiresLevel', { level: String(level) }),
  reservation: () => say('requiresReservation'),
  newUser: () => say('newUser'),
  order: () => say('order')
}
const once = (): Said => SOON

/** What a customer can do about a refusal. What it means is in the gateway's own words, in the customer's language. */
const ADVICE: Advice = {
  NOT_STARTED: ({ opensAt }) => [
    `Come back at ${moment(opensAt)}; the button opens by itself.`,
    `请于 ${moment(opensAt)} 再来，届时自动开放。`
  ],
  SESSION_CLOSED: ({ nextOpensAt }) =>
    nextOpensAt === null
      ? ['That was the last one. See what else is on.', '这是最后一场，看看其他活动吧。']
      : [`The next one opens at ${moment(nextOpensAt)}.`, `下一场 ${moment(nextOpensAt)} 开始。`],
  SOLD_OUT: ({ remaining, mayReopen }) => {
    if (remaining > 0) return [`Take ${remaining}.`, `可购买 ${remaining} 件。`]
    if (mayReopen)
      return [
        'Stay here: units of unpaid orders come back, and this page shows it.',
        '请留意本页：未支付的订单会释放库存。'
      ]
    return ['All are gone. See what else is on.', '已全部售出，看看其他活动吧。']
  },
  LIMIT_REACHED: ({ limit, resetsAt }) =>
    resetsAt === undefined
      ? [`${limit} is the most for one customer.`, `每人最多 ${limit}。`]
      : [
          `${limit} is the most until ${moment(resetsAt)}. Come back then.`,
          `${moment(resetsAt)} 前最多 ${limit} 次，届时再来。`
        ],
  INSUFFICIENT_BALANCE: ({ unit, balance, required }) => [
    `Earn ${amountOf(unit, required - balance)} more: tasks give some.`,
    `还差 ${amountOf(unit, required - balance)}，做任务即可获得。`
  ],
  NOT_ELIGIBLE: ({ requires = {} }) => {
    const what = Object.entries(requires)
      .map(([name, value]) => NEEDS[name]?.(value) ?? `${name} ${value}`)
      .join(', ')
    return [`Get this first: ${what}.`, `请先获得：${what}。`]
  },
  PREREQUISITE: ({ after }) => {
    const what = after.map((id) => titleOf(campaign.value, id)).join(', ')
    return [`Do this first: ${what}.`, `请先完成：${what}。`]
  },
  PAUSED: ({ notice }) =>
    notice === undefined ? ['It goes on soon, and this page shows it.', '很快恢复，请留意本页。'] : [notice, notice],
  ALREADY_DONE: () => ['You have it; there is nothing more to do.', '您已完成，无需重复操作。'],
  ALREADY_BOUND: () => ['One inviter for each customer, for good.', '每位用户只能绑定一位邀请人。'],
  SELF_NOT_ALLOWED: () => ['Send it to a friend.', '请发给好友。'],
  CLAIM_EXPIRED: () => ['It went back to the others.', '已失效。'],
  NOT_PAYABLE: () => ['If you were charged, you get it back.', '如已扣款，将原路退回。'],
  DISQUALIFIED: () => ['Ask our service if you think this is wrong.', '如有疑问，请联系客服。'],
  TICKET_REQUIRED: once,
  TICKET_INVALID: once,
  UNAUTHENTICATED: () => ['Sign in again.', '请重新登录。'],
  NOT_FOUND: () => ['Check it for typing errors.', '请检查是否输入有误。'],
  ENDED: () => ['See what else is on.', '看看其他活动吧。'],
  RATE_LIMITED: once,
  UNAVAILABLE: once
}

/** What to do about a refusal; the gateway's detail where the shop has no better advice. */
export function adviceOn(problem: Problem): string {
  const advise = ADVICE[problem.code] as ((problem: Problem) => Said) | undefined
  return advise === undefined ? problem.detail : advise(problem)[language === 'en' ? 0 : 1]
}
