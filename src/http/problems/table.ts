import type { ProblemRow } from './row.ts'

/** Every code of the contract. Programs read the code, people the text; a code is never renamed. */
export const problemTable = {
  VALIDATION: {
    status: 400,
    members: ['errors'],
    en: { title: 'The request is not valid', detail: 'Parts of the request are wrong; each is named in errors.' },
    'zh-CN': { title: '请求无效', detail: '请求中有错误的内容，逐项见 errors。' }
  },
  IDEMPOTENCY_KEY_REQUIRED: {
    status: 400,
    members: [],
    en: {
      title: 'An Idempotency-Key is required',
      detail: 'Send the header Idempotency-Key with 8 to 128 visible ASCII characters, new for each intention.'
    },
    'zh-CN': {
      title: '缺少 Idempotency-Key',
      detail: '请发送 Idempotency-Key 请求头：8 到 128 个可见 ASCII 字符，每次意图各用一个。'
    }
  },
  STACKING_NOT_ALLOWED: {
    status: 400,
    members: ['fields'],
    en: {
      title: 'No other discount can be used',
      detail: 'The price of this sale is final. Coupons, points and other discounts cannot be used.'
    },
    'zh-CN': { title: '不可叠加优惠', detail: '本场价格为最终价，不能再使用优惠券、积分或折扣。' }
  },
  UNAUTHENTICATED: {
    status: 401,
    members: [],
    en: {
      title: 'Sign in first',
      detail: 'A valid bearer token is needed. None was sent, or it has expired, is damaged, or is from another issuer.'
    },
    'zh-CN': { title: '请先登录', detail: '需要有效的令牌：未提供，或已过期、来源不符、内容损坏。' }
  },
  FORBIDDEN: {
    status: 403,
    members: ['requires'],
    en: {
      title: 'Not allowed',
      detail: 'Your role does not allow this. It needs {requires}.',
      without: 'Your role does not allow this.'
    },
    'zh-CN': {
      title: '没有权限',
      detail: '当前角色无权执行此操作，需要 {requires}。',
      without: '当前角色无权执行此操作。'
    }
  },
  DISQUALIFIED: {
    status: 403,
    members: [],
    en: { title: 'Excluded from this campaign', detail: 'This account was excluded from the campaign.' },
    'zh-CN': { title: '已被取消资格', detail: '该账号已被取消本次活动的资格。' }
  },
  NOT_ELIGIBLE: {
    status: 403,
    members: ['requires'],
    en: { title: 'Not eligible', detail: 'This activity is only for users who have what requires names.' },
    'zh-CN': { title: '不符合参与条件', detail: '该活动仅对满足 requires 所列条件的用户开放。' }
  },
  TICKET_REQUIRED: {
    status: 403,
    members: [],
    en: {
      title: 'A ticket is required',
      detail: 'Get a ticket for this Idempotency-Key first, and send it as Floodgate-Ticket.'
    },
    'zh-CN': {
      title: '需要入场凭证',
      detail: '请先用同一个 Idempotency-Key 获取凭证，并通过 Floodgate-Ticket 请求头发送。'
    }
  },
  TICKET_INVALID: {
    status: 403,
    members: [],
    en: {
      title: 'The ticket is not valid',
      detail: 'The ticket has expired, or is for another request. Get a new one.'
    },
    'zh-CN': { title: '入场凭证无效', detail: '凭证已过期，或属于另一个请求，请重新获取。' }
  },
  UNVERIFIED: {
    status: 403,
    members: [],
    en: { title: 'Not verified yet', detail: 'This counts once it has been verified.' },
    'zh-CN': { title: '尚未验证', detail: '通过验证后才会生效。' }
  },
  NOT_FOUND: {
    status: 404,
    members: [],
    en: { title: 'Not found', detail: 'There is nothing here that you can see.' },
    'zh-CN': { title: '未找到', detail: '这里没有您可以查看的内容。' }
  },
  NOT_STARTED: {
    status: 409,
    members: ['opensAt'],
    en: { title: 'Not open yet', detail: 'It opens at {opensAt}.', without: 'It is not open yet.' },
    'zh-CN': { title: '尚未开始', detail: '将于 {opensAt} 开始。', without: '活动尚未开始。' }
  },
  SESSION_CLOSED: {
    status: 409,
    members: ['nextOpensAt'],
    en: {
      title: 'Between sessions',
      detail: 'No session is open now; the next one opens at {nextOpensAt}.',
      without: 'No session is open now, and no other follows.'
    },
    'zh-CN': {
      title: '当前不在场次时间内',
      detail: '下一场将于 {nextOpensAt} 开始。',
      without: '当前没有开放的场次，之后也没有场次。'
    }
  },
  PAUSED: {
    status: 409,
    members: ['notice'],
    en: { title: 'Paused', detail: 'This is paused for the moment. Nothing was taken; try again later.' },
    'zh-CN': { title: '已暂停', detail: '活动暂停中，未产生任何占用，请稍后再试。' }
  },
  SOLD_OUT: {
    status: 409,
    members: ['remaining', 'mayReopen'],
    en: {
      title: 'Sold out',
      detail: 'Fewer units are left than were asked for: {remaining}.',
      without: 'No units are left.'
    },
    'zh-CN': { title: '已售罄', detail: '剩余数量不足：{remaining}。', without: '已无剩余。' }
  },
  LIMIT_REACHED: {
    status: 409,
    members: ['scope', 'limit', 'resetsAt'],
    en: {
      title: 'Limit reached',
      detail: 'The limit of {limit} per user ({scope}) is reached.',
      without: 'A limit per user is reached.'
    },
    'zh-CN': { title: '已达上限', detail: '已达到每人上限 {limit}（范围：{scope}）。', without: '已达到每人上限。' }
  },
  INSUFFICIENT_BALANCE: {
    status: 409,
    members: ['unit', 'balance', 'required'],
    en: {
      title: 'Not enough {unit}',
      detail: 'You need {required} and have {balance}.',
      without: 'The balance is too low.'
    },
    'zh-CN': { title: '余额不足', detail: '需要 {required}，现有 {balance}。', without: '余额不足。' }
  },
  ALREADY_DONE: {
    status: 409,
    members: [],
    en: { title: 'Already done', detail: 'You have done this already. It counts once.' },
    'zh-CN': { title: '已完成', detail: '该操作已完成，只计一次。' }
  },
  ALREADY_BOUND: {
    status: 409,
    members: [],
    en: { title: 'Already invited', detail: 'This account already has an inviter.' },
    'zh-CN': { title: '已绑定邀请人', detail: '该账号已有邀请人。' }
  },
  SELF_NOT_ALLOWED: {
    status: 409,
    members: [],
    en: { title: 'Not with yourself', detail: 'This needs another user.' },
    'zh-CN': { title: '不能对自己操作', detail: '该操作需要另一位用户。' }
  },
  CIRCULAR: {
    status: 409,
    members: [],
    en: { title: 'A circle of invitations', detail: 'The inviter was, directly or not, invited by this account.' },
    'zh-CN': { title: '邀请关系成环', detail: '邀请人直接或间接由该账号邀请。' }
  },
  PREREQUISITE: {
    status: 409,
    members: ['after'],
    en: { title: 'Something else comes first', detail: 'Do the tasks that after names first.' },
    'zh-CN': { title: '需先完成前置任务', detail: '请先完成前置任务。' }
  },
  VOIDED: {
    status: 409,
    members: [],
    en: { title: 'Voided', detail: 'This was withdrawn.' },
    'zh-CN': { title: '已作废', detail: '该项已被撤销。' }
  },
  CLAIM_EXPIRED: {
    status: 409,
    members: [],
    en: { title: 'Too late to claim', detail: 'The time to claim this is over.' },
    'zh-CN': { title: '领取已过期', detail: '领取期限已过。' }
  },
  NOT_PAYABLE: {
    status: 409,
    members: ['orderStatus', 'refundDue'],
    en: {
      title: 'Not payable',
      detail: 'The order cannot be paid any more; it is {orderStatus}.',
      without: 'The order cannot be paid any more.'
    },
    'zh-CN': { title: '无法支付', detail: '订单当前状态为 {orderStatus}，无法支付。', without: '订单当前无法支付。' }
  },
  NOT_CANCELLABLE: {
    status: 409,
    members: ['orderStatus'],
    en: {
      title: 'Not cancellable',
      detail: 'The order cannot be cancelled; it is {orderStatus}.',
      without: 'The order cannot be cancelled.'
    },
    'zh-CN': { title: '无法取消', detail: '订单当前状态为 {orderStatus}，无法取消。', without: '订单当前无法取消。' }
  },
  CONFLICT: {
    status: 409,
    members: [],
    en: { title: 'Conflict', detail: 'This does not fit the present state. Nothing was changed.' },
    'zh-CN': { title: '冲突', detail: '与当前状态冲突，未做任何更改。' }
  },
  ENDED: {
    status: 410,
    members: [],
    en: { title: 'Over', detail: 'The campaign has ended.' },
    'zh-CN': { title: '活动已结束', detail: '本次活动已结束。' }
  },
  VERSION_MISMATCH: {
    status: 412,
    members: ['version'],
    en: {
      title: 'Another version is in force',
      detail: 'Somebody changed it meanwhile. Read it again, then repeat your change.'
    },
    'zh-CN': { title: '版本不一致', detail: '内容已被更改，请重新读取后再修改。' }
  },
  BODY_TOO_LARGE: {
    status: 413,
    members: ['limitBytes'],
    en: {
      title: 'The body is too large',
      detail: 'At most {limitBytes} bytes are read.',
      without: 'The body is too large.'
    },
    'zh-CN': { title: '请求体过大', detail: '最多接受 {limitBytes} 字节。', without: '请求体过大。' }
  },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    members: [],
    en: { title: 'Unsupported media type', detail: 'Send the body as application/json.' },
    'zh-CN': { title: '不支持的媒体类型', detail: '请以 application/json 发送请求体。' }
  },
  KEY_REUSED: {
    status: 422,
    members: [],
    en: {
      title: 'The key belongs to another request',
      detail: 'This Idempotency-Key was used for a different request. Use a new one.'
    },
    'zh-CN': { title: 'Idempotency-Key 已被占用', detail: '该 Idempotency-Key 已用于另一个请求，请换用新的。' }
  },
  RATE_LIMITED: {
    status: 429,
    members: ['scope', 'retryAfterMs'],
    en: {
      title: 'Too many requests',
      detail: 'Wait {retryAfterMs} ms, then send the same request again.',
      without: 'Wait a moment.'
    },
    'zh-CN': { title: '请求过于频繁', detail: '请等待 {retryAfterMs} 毫秒后重发同一请求。', without: '请稍候。' }
  },
  UNAVAILABLE: {
    status: 503,
    members: ['retryAfterMs'],
    en: {
      title: 'Unavailable',
      detail: 'Nothing was done. Try again after {retryAfterMs} ms.',
      without: 'Nothing was done. Try again.'
    },
    'zh-CN': {
      title: '服务暂不可用',
      detail: '未执行任何操作，请在 {retryAfterMs} 毫秒后重试。',
      without: '未执行任何操作，请重试。'
    }
  },
  UNKNOWN_OUTCOME: {
    status: 503,
    members: ['retryAfterMs'],
    en: {
      title: 'The outcome is not known',
      detail: 'The answer was lost. Send the same request with the same key again: its answer tells the outcome.'
    },
    'zh-CN': { title: '结果未知', detail: '结果在途中丢失。请用相同的 key 重发同一请求以获知结果。' }
  }
} as const satisfies Record<string, ProblemRow>

/** A code of the table. */
export type ProblemCode = keyof typeof problemTable
