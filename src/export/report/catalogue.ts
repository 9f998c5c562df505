/** A text in the languages of the report. */
interface Text {
  readonly en: string
  readonly 'zh-CN': string
}

const text = (en: string, chinese: string): Text => ({ en, 'zh-CN': chinese })

/** Sections of a report, in the order in which it shows them. */
export const sections = {
  sales: text('Sales', '销售'),
  participants: text('People', '参与用户'),
  draws: text('Draws', '抽奖'),
  tasks: text('Tasks', '任务'),
  redemptions: text('Redemption', '兑换'),
  units: text('Points', '积分'),
  invites: text('Invitations', '邀请'),
  shares: text('Shares', '分享'),
  surveys: text('Surveys', '问卷'),
  traffic: text('Traffic', '流量')
} as const satisfies Readonly<Record<string, Text>>

export type Section = keyof typeof sections

/** What a value is: a number of things, an amount of the figure's own unit, a part of 1, a mean of 1 to 5. */
type Measure = 'count' | 'amount' | 'ratio' | 'score'

interface FigureKind {
  readonly section: Section
  readonly title: Text
  readonly measure: Measure
  /** what its parts are, where it has parts */
  readonly by?: 'activity' | 'day' | 'prize' | 'cause' | 'channel' | 'source' | 'reason' | 'code' | 'activity and code'
  /** counted by gateways, whose messages may be lost or come twice; all others are exact */
  readonly approximate?: true
}

type Parts = NonNullable<FigureKind['by']>

const of =
  (measure: Measure) =>
  (section: Section, title: Text, by?: Parts): FigureKind => ({ section, title, measure, ...(by && { by }) })
const count = of('count')
const amount = of('amount')
const ratio = of('ratio')
const byGateways = (figure: FigureKind): FigureKind => ({ ...figure, approximate: true })

/** Every figure that a report may hold, in the order in which it shows them. A figure that nothing was counted for is left out. */
export const figures: Readonly<Record<string, FigureKind>> = {
  'sales.orders': count('sales', text('Orders', '订单'), 'activity'),
  'sales.paid': count('sales', text('Paid orders', '已支付订单'), 'activity'),
  'sales.amount': amount('sales', text('Sales', '销售额'), 'activity'),
  'sales.averageOrder': amount('sales', text('Average order', '客单价')),
  'sales.units': count('sales', text('Units sold', '售出件数'), 'activity'),
  'sales.buyers': count('sales', text('Buyers', '购买用户'), 'activity'),
  'sales.unpaid': count('sales', text('Orders not paid yet', '待支付订单'), 'activity'),
  'sales.cancelled': count('sales', text('Cancelled orders', '已取消订单'), 'activity'),
  'sales.expired': count('sales', text('Expired orders', '已过期订单'), 'activity'),
  'sales.returnedUnits': count('sales', text('Units returned', '退货件数'), 'activity'),
  'sales.returnedAmount': amount('sales', text('Price of returned units', '退货金额'), 'activity'),
  'sales.returns': count('sales', text('Returns, by reason', '退货次数（按原因）'), 'reason'),
  'sales.paidRate': ratio('sales', text('Part of orders that were paid', '支付率')),
  'sales.daily': count('sales', text('Orders by day', '每日订单'), 'day'),

  'participants.all': count('participants', text('Users who took part', '参与用户')),
  'participants.new': count('participants', text('New users among them', '其中新用户')),
  'participants.ofUsers': ratio('participants', text('Part of all users', '占全部用户')),
  'interactions.all': count('participants', text('Interactions', '互动次数')),
  'participants.daily': count('participants', text('Active users by day', '每日活跃用户'), 'day'),
  'interactions.daily': count('participants', text('Interactions by day', '每日互动'), 'day'),
  'registrations.all': count('participants', text('Registrations by source', '注册来源'), 'source'),

  'draws.spins': count('draws', text('Spins', '抽奖次数'), 'activity'),
  'draws.participants': count('draws', text('Users who spun', '抽奖用户'), 'activity'),
  'draws.participation': ratio('draws', text('Part of participants who spun', '抽奖参与率')),
  'draws.wins': count('draws', text('Prizes won', '中奖数'), 'prize'),
  'draws.winRate': ratio('draws', text('Prizes won to spins', '中奖率'), 'prize'),
  'draws.open': count('draws', text('Prizes not claimed yet', '未领取奖品'), 'prize'),
  'draws.revoked': count('draws', text('Revoked prizes', '已撤销奖品'), 'prize'),

  'tasks.completed': count('tasks', text('Tasks completed', '完成任务数'), 'activity'),
  'tasks.participants': count('tasks', text('Users who completed one', '完成任务用户'), 'activity'),
  'tasks.completion': ratio('tasks', text('Part of participants who completed one', '任务完成率'), 'activity'),

  'redemptions.claims': count('redemptions', text('Redemptions', '兑换次数'), 'activity'),
  'redemptions.units': count('redemptions', text('Units redeemed', '兑换件数'), 'activity'),
  'redemptions.participants': count('redemptions', text('Users who redeemed', '兑换用户'), 'activity'),
  'redemptions.rate': ratio('redemptions', text('Part of participants who redeemed', '兑换率'), 'activity'),

  'units.issued': amount('units', text('Issued', '发放'), 'cause'),
  'units.spent': amount('units', text('Spent', '消耗'), 'cause'),
  'units.expired': amount('units', text('Expired', '过期')),
  'units.outstanding': amount('units', text('Issued, and neither spent nor expired', '未消耗且未过期')),

  'invites.accepted': count('invites', text('Invitations accepted', '接受邀请')),
  'invites.qualified': count('invites', text('Invitations qualified', '有效邀请')),
  'invites.pending': count('invites', text('Invitations that may still qualify', '待定邀请')),
  'invites.voided': count('invites', text('Void invitations', '无效邀请')),
  'invites.conversion': ratio('invites', text('Qualified of accepted', '邀请转化率')),

  'shares.all': count('shares', text('Shares', '分享次数'), 'channel'),
  'shares.verified': count('shares', text('Verified shares', '已核实分享'), 'channel'),
  'shares.voided': count('shares', text('Void shares', '无效分享'), 'channel'),
  'shares.clicks': count('shares', text('Clicks', '点击'), 'channel'),
  'shares.conversions': count(
    'shares',
    text('Orders and registrations that came of shares', '分享带来的转化'),
    'source'
  ),
  'assists.given': count('shares', text('Assists', '助力')),

  'surveys.answers': count('surveys', text('Answers', '答卷'), 'activity'),
  'surveys.satisfaction': {
    section: 'surveys',
    title: text('Satisfaction (1 to 5)', '满意度（1–5）'),
    measure: 'score',
    by: 'activity'
  },

  'traffic.attempts': byGateways(count('traffic', text('Attempts', '请求次数'), 'activity')),
  'traffic.confirmed': byGateways(count('traffic', text('Confirmed attempts', '成功次数'), 'activity')),
  'traffic.conversion': byGateways(
    ratio('traffic', text('Part of attempts that were confirmed', '请求成功率'), 'activity')
  ),
  'traffic.refused': byGateways(count('traffic', text('Refused, by reason', '被拒次数（按原因）'), 'code')),
  'traffic.refusedIn': byGateways(
    count('traffic', text('Refused, by activity and reason', '被拒次数（按活动和原因）'), 'activity and code')
  ),
  'traffic.peakMinute': byGateways(count('traffic', text('Most attempts in a minute', '每分钟请求峰值'), 'activity'))
}

/** Whether a report may hold the figure. */
export const isFigure = (id: string): boolean => Object.hasOwn(figures, id)
