import type { ClientBase } from 'pg'

export interface Filling {
  /** without timeouts */
  readonly client: ClientBase
  readonly campaign: string
  readonly orders: number
  readonly users: number
  /** ms since 1970 */
  readonly opensAt: number
}

const AT_ONCE = 100_000
/** Over which all is spread, so that there are several days. */
const DAYS = 3
const DAY_MS = 86_400_000
/** Decisions that may follow from the same number: each has its own place among them. */
const KINDS = 10

/** Who, and which decision, a number stands for. Users are dealt so that neighbours are others. */
const user = (users: number, times = 7919) => `'customer-' || (n * ${times}) % ${users}`
const sequence = (kind: number) => `n * ${KINDS} + ${kind}`

interface Kind {
  readonly type: string
  readonly activity: string
  /** of the user, or of a driver */
  readonly asks: boolean
  /** which numbers have one */
  readonly of: string
}

/** Of 100 orders: 80 are paid, 50 spins (five of which win), 60 tasks, 10 redemptions, 10 invitations, 25 shares, 12 assists and 5 answers. */
const kinds: readonly Kind[] = [
  { type: `'order.accepted'`, activity: `'phone'`, asks: true, of: 'true' },
  { type: `'order.paid'`, activity: `'phone'`, asks: false, of: 'n % 5 <> 0' },
  {
    type: `case when n % 20 = 0 then 'spin.won' else 'spin.lost' end`,
    activity: `'wheel'`,
    asks: true,
    of: 'n % 2 = 0'
  },
  { type: `'task.completed'`, activity: `'check-in'`, asks: true, of: 'n % 5 < 3' },
  { type: `'claim.accepted'`, activity: `'cup'`, asks: true, of: 'n % 10 = 3' },
  { type: `'invite.accepted'`, activity: `'friends'`, asks: true, of: 'n % 10 = 5' },
  { type: `'share.created'`, activity: `'sharing'`, asks: true, of: 'n % 4 = 1' },
  { type: `'assist.given'`, activity: `'help'`, asks: true, of: 'n % 8 = 1' },
  { type: `'survey.answered'`, activity: `'asking'`, asks: true, of: 'n % 20 = 7' }
]

/** Rows for the numbers that `numbers` names, each table as the projection stores it. */
function statements({ campaign, users, orders, opensAt }: Filling, numbers: string): string[] {
  const at = `to_timestamp(${opensAt / 1000} + n * ${(DAYS * DAY_MS) / 1000 / orders}::float8)`
  const place = (kind: number) => `0, 1, ${sequence(kind)}`
  const decided = kinds.map(
    ({ type, activity, asks, of }, kind) =>
      `select ${place(kind)}, n / 4, ${type}, ${user(users)}, '${asks ? 'u' : 'x'}:key-' || ${sequence(kind)}, 'hash-of-the-request', '${campaign}',
         ${activity}, 'all-day', '1-' || ${sequence(kind)}, ${at}, '{"quantity":1}'::jsonb, ('{"u":{"c ${campaign} n ' || ${activity} || '":1}}')::json, '{}'::json,
         'a;1-1;${campaign};phone;all-day;1;299900;CNY;1795300652000;900;;1;0', 'confirmed' from ${numbers} where ${of}`
  )
  const paid = 'n % 5 <> 0'
  return [
    `insert into decisions (shard, epoch, sequence, batch, type, user_id, key, hash, campaign_id, activity_id, session_id, entity, at, request,
       adds, puts, record, report) ${decided.join(' union all ')}`,
    `insert into orders (order_id, campaign_id, activity_id, session_id, user_id, quantity, unit_price, currency, status, shard, epoch, sequence,
       accepted_at, position, returned, updated_at, record)
     select '0-1-' || ${sequence(0)}, '${campaign}', case when n % 3 = 0 then 'case' else 'phone' end, 'all-day', ${user(users)}, 1 + n % 3, 299900, 'CNY',
       case when ${paid} then case when n % 100 = 1 then 'returned' else 'paid' end else case when n % 10 = 0 then 'expired' else 'cancelled' end end,
       ${place(0)}, ${at}, n, case when n % 100 = 1 then 1 else 0 end, ${at},
       case when ${paid} then case when n % 100 = 1 then 'r' else 'p' end else case when n % 10 = 0 then 'e' else 'c' end end ||
         ';1-1;${campaign};phone;all-day;' || 1 + n % 3 || ';299900;CNY;1795300652000;900;;1;0;0;' ||
         case when ${paid} then 'reference-' || n else '' end || ';;;;2'
     from ${numbers}`,
    `insert into wins (win_id, campaign_id, activity_id, user_id, prize_id, sub_prize, tier, type, status, shard, epoch, sequence, won_at,
       updated_at, record)
     select '0-1-' || ${sequence(2)}, '${campaign}', 'wheel', ${user(users)}, 'prize-' || n % 7, '', 1 + n % 7, 'physical',
       (array['won', 'claimed', 'claimed', 'revoked'])[1 + n / 20 % 4], ${place(2)}, ${at}, ${at}, 'won' from ${numbers} where n % 20 = 0`,
    `insert into ledger (shard, epoch, sequence, user_id, scope, unit, campaign_id, activity_id, delta, type, at)
     select ${place(3)}, ${user(users)}, '', 'points', '${campaign}', 'check-in', 5, 'task.completed', ${at} from ${numbers} where n % 5 < 3
     union all
     select ${place(4)}, ${user(users)}, '', 'points', '${campaign}', 'cup', -3, 'claim.accepted', ${at} from ${numbers} where n % 10 = 3`,
    `insert into claims (claim_id, campaign_id, activity_id, user_id, quantity, unit, cost, pool, shard, epoch, sequence, accepted_at, codes_due)
     select '0-1-' || ${sequence(4)}, '${campaign}', 'cup', ${user(users)}, 1, 'points', 3, '', ${place(4)}, ${at}, false
     from ${numbers} where n % 10 = 3`,
    `insert into invites (campaign_id, user_id, inviter_id, activity_id, invite_id, code_id, epoch, sequence, accepted_at, state)
     select '${campaign}', ${user(users)}, ${user(users, 104_729)}, 'friends', '0-1-' || ${sequence(5)}, '1-1', 1, ${sequence(5)}, ${at},
       (array['pending', 'qualified', 'qualified', 'voided'])[1 + n / 10 % 4] from ${numbers} where n % 10 = 5 on conflict do nothing`,
    `insert into registrations (campaign_id, source, source_event_id, user_id, registered_at, origin)
     select '${campaign}', 'shop', 'event-' || n, ${user(users)}, ${at}, (array['app', 'web', 'store'])[1 + n / 10 % 3]
     from ${numbers} where n % 10 = 5`,
    `insert into shares (shard, share_id, campaign_id, activity_id, user_id, channel, subject_type, subject_id, key, hash, epoch, sequence, created_at)
     select 0, '0-1-' || ${sequence(6)}, '${campaign}', 'sharing', ${user(users)}, (array['wechat', 'weibo', 'qq'])[1 + n / 4 % 3], 'goods',
       'goods-' || n % 40, 'u:key-' || ${sequence(6)}, 'hash', 1, ${sequence(6)}, ${at} from ${numbers} where n % 4 = 1`,
    `insert into share_states (share_id, campaign_id, verified_at) select '0-1-' || ${sequence(6)}, '${campaign}', ${at} from ${numbers} where n % 8 = 1`,
    `insert into share_clicks (share_id, campaign_id, clicks) select '0-1-' || ${sequence(6)}, '${campaign}', n % 9 from ${numbers} where n % 8 = 1`,
    `insert into assists (shard, assist_id, campaign_id, activity_id, share_id, sharer_id, user_id, epoch, sequence, given_at)
     select 0, '0-1-' || ${sequence(7)}, '${campaign}', 'help', '0-1-' || ${sequence(6)}, ${user(users)}, ${user(users, 104_729)}, 1, ${sequence(7)}, ${at}
     from ${numbers} where n % 8 = 1`,
    `insert into survey_answers (answer_id, campaign_id, activity_id, user_id, answers, shard, epoch, sequence, answered_at)
     select '0-1-' || ${sequence(8)}, '${campaign}', 'asking', ${user(users)}, '{"ratings":{"stars":5},"choices":{},"texts":{}}', ${place(8)}, ${at}
     from ${numbers} where n % 20 = 7`
  ]
}

/**
 * A campaign as the projection stores it, without the hours that it takes to play it. The table it reads most, decisions, is filled in the order of
 * their sequences, as the projection fills it.
 * @returns how many decisions there are
 */
export async function fillCampaign(filling: Filling): Promise<number> {
  const { client, campaign, orders } = filling
  await client.query(`insert into shards (shard, epoch, state) values (0, 1, 'open') on conflict (shard) do nothing`)
  for (let from = 1; from <= orders; from += AT_ONCE) {
    const numbers = `generate_series(${from}::bigint, ${Math.min(from + AT_ONCE - 1, orders)}::bigint) n`
    for (const text of statements(filling, numbers)) await client.query(text)
  }
  const { rows } = await client.query<{ decisions: number }>('select count(*)::int as decisions from decisions')
  const decisions = rows[0]?.decisions ?? 0
  await client.query(
    `insert into campaign_places (shard, campaign_id, first_epoch, first_sequence, last_epoch, last_sequence, decisions)
     values (0, '${campaign}', 1, ${KINDS}, 1, ${(orders + 1) * KINDS}, ${decisions})`
  )
  await client.query(
    `insert into attempt_totals (campaign_id, activity_id, outcome, times) select '${campaign}', 'phone', outcome, ${orders}
     from unnest(array['confirmed', 'SOLD_OUT', 'LIMIT_REACHED', 'RATE_LIMITED']) outcome`
  )
  await client.query(
    `insert into attempt_times (campaign_id, since, seconds, activity_id, outcome, times)
     select '${campaign}', to_timestamp(${filling.opensAt / 1000}) + n * interval '1 minute', 60, 'phone', outcome, n
     from generate_series(1, ${DAYS * 1440}) n, unnest(array['confirmed', 'SOLD_OUT', 'LIMIT_REACHED', 'RATE_LIMITED']) outcome`
  )
  await client.query('vacuum analyze')
  return decisions
}
