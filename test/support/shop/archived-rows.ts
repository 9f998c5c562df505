import type { Pool } from 'pg'
import { patient } from './explained.ts'

/** Which campaigns are made, by number, and how many rows each has in each table. */
export interface Archived {
  readonly from: number
  readonly to: number
  readonly rows: number
}

const id = `'old-' || c`
const place = `c * 1000000 + n`
const named = `'0-1-' || (${place})`
const user = `'user-' || n`

/** What a campaign leaves once, by table: its columns and their values. */
const ofCampaign: Readonly<Record<string, readonly [columns: string, values: string]>> = {
  campaigns: [
    'campaign_id, version, review, author, approved_version, published_version, published_at, rules, ended, settled, archived, revision',
    `${id}, 1, 'published', 'ada', 1, 1, now() - interval '90 days', '{"endedAt": 1}', true, true, true, 0`
  ],
  campaign_versions: ['campaign_id, version, definition, author', `${id}, 1, '{}', 'ada'`],
  settlements: ['campaign_id, asked_by, settled_at', `${id}, 'ada', now()`],
  archives: [
    'campaign_id, sha256, reason, operator, compared_at, done_at',
    `${id}, repeat('a', 64), '', 'ada', now(), now()`
  ],
  archive_parts: ['campaign_id, shard, step', `${id}, 0, 'done'`],
  campaign_places: [
    'shard, campaign_id, first_epoch, first_sequence, last_epoch, last_sequence, decisions',
    `0, ${id}, 1, c, 1, c, 1`
  ],
  listeners: ['shard, campaign_id, name', `0, ${id}, 'help'`],
  boards: ['campaign_id, board_id, ended_at, counted_to', `${id}, 'sharers', 1, 1`],
  campaign_holds: [
    'shard, campaign_id, kind, what, paused_at, lifted_at',
    `0, ${id}, 'difference', 'was different', now(), now()`
  ],
  draw_seeds: [
    'campaign_id, activity_id, seed, commitment',
    `${id}, 'wheel', sha256('x'), encode(sha256(sha256('x')), 'hex')`
  ]
}

/** What a campaign leaves for each of its users and things. */
const ofUsers: typeof ofCampaign = {
  opened_places: ['shard, campaign_id, activity_id, session_id', `0, ${id}, 'phone', 'session-' || n`],
  orders: [
    'order_id, campaign_id, activity_id, session_id, user_id, quantity, unit_price, currency, status, shard, epoch, sequence, accepted_at, pay_by, position, updated_at, record',
    `${named}, ${id}, 'phone', 'am', ${user}, 1, 1, 'CNY', 'shipped', 0, 1, ${place}, now(), now(), n, now(), ''`
  ],
  wins: [
    'win_id, campaign_id, activity_id, user_id, prize_id, sub_prize, tier, type, status, shard, epoch, sequence, won_at, updated_at, record',
    `${named}, ${id}, 'wheel', ${user}, 'cup', '', 1, 'physical', 'claimed', 0, 1, ${place}, now(), now(), ''`
  ],
  win_details: [
    'win_id, key, hash, details, saved_at, kept',
    `${named}, 'u:claim', 'a', '{"street": "Long Lane 1"}', now() - interval '30 days', true`
  ],
  claims: [
    'claim_id, campaign_id, activity_id, user_id, quantity, unit, cost, pool, shard, epoch, sequence, accepted_at, codes_due',
    `${named}, ${id}, 'ticket', ${user}, 1, 'stars', 1, 'tickets', 0, 1, ${place}, now(), false`
  ],
  codes: ['campaign_id, pool, code, claim_id, nth, assigned_at', `${id}, 'tickets', 'code-' || n, ${named}, 1, now()`],
  ledger: [
    'shard, epoch, sequence, user_id, scope, unit, campaign_id, activity_id, delta, type, at',
    `0, 1, ${place}, ${user}, ${id}, 'stars', ${id}, 'ticket', 1, 'balance.credited', now()`
  ],
  archived_balances: ['user_id, scope, unit, shard, balance, beyond', `${user}, ${id}, 'stars', 0, 1, 0`],
  archived_stock: [
    'shard, campaign_id, activity_id, session_id, total, remaining, held, paid, beyond',
    `0, ${id}, 'phone', 'session-' || n, 1, 0, 0, 1, 0`
  ],
  intents: [
    'campaign_id, activity_id, user_id, type, puts, adds, request, created_by, state, closed_at',
    `${id}, '', ${user}, 'balance.credited', '[]', '[]', '{}', 'ada', 'applied', now()`
  ],
  audit: ['operator, action, target', `'ada', 'balance.credited', 'user:' || ${user}`],
  admin_requests: ['operator, key, hash, claimed_until, status, body', `'ada', ${named}, '', now(), 200, ''`],
  commands: ['source, id, type, target, hash, done_at', `'shop', ${named}, 'order.pay', ${named}, '', now()`],
  payment_references: ['reference, order_id, used', `${named}, ${named}, true`],
  imports: [
    'unit, reference, user_id, amount, created_by, state, closed_at',
    `'points', ${named}, ${user}, 1, 'ada', 'applied', now()`
  ],
  credits: [
    'campaign_id, cause, role, activity_id, action, user_id, day, state, next_attempt_at',
    `${id}, ${named}, 'share/verified', 'share', 'verified', ${user}, 1, 'done', null`
  ],
  task_sources: [
    'source, source_event_id, campaign_id, task_id, user_id, period, amount',
    `'shop', ${named}, ${id}, 'known', ${user}, '', 1`
  ],
  task_counts: ['campaign_id, task_id, user_id, period, count, state', `${id}, 'known', ${user}, '', 1, 'completed'`],
  level_counts: ['campaign_id, user_id, scope, points', `${id}, ${user}, ${id}, 1`],
  level_states: ['scope, user_id, level, wanted, campaign_id, why', `${id}, ${user}, 1, 1, ${id}, '{}'`],
  board_periods: [
    'campaign_id, board_id, period, as_of, state, frozen_at, told',
    `${id}, 'sharers', 'period-' || n, 1, 'frozen', now(), true`
  ],
  board_scores: [
    'campaign_id, board_id, period, user_id, score, reached_at, tie, version',
    `${id}, 'sharers', 'whole', ${user}, 1, 1, '', n`
  ],
  board_ranks: ['campaign_id, board_id, period, rank, user_id, score', `${id}, 'sharers', 'whole', n, ${user}, 1`],
  invites: [
    'campaign_id, user_id, inviter_id, activity_id, invite_id, code_id, epoch, sequence, accepted_at, state',
    `${id}, ${user}, 'ann', 'invite', ${named}, '', 1, ${place}, now(), 'qualified'`
  ],
  registrations: [
    'campaign_id, source, source_event_id, user_id, registered_at, share',
    `${id}, 'shop', ${named}, ${user}, now(), ${named}`
  ],
  reservations: [
    'reservation_id, campaign_id, activity_id, session_id, first_session, user_id, shard, epoch, sequence, made_at',
    `${named}, ${id}, 'early', 'am', 'am', ${user}, 0, 1, ${place}, now()`
  ],
  reminder_sessions: [
    'shard, campaign_id, activity_id, session_id, told, missed',
    `0, ${id}, 'early', 'session-' || n, 1, 0`
  ],
  game_sources: ['campaign_id, game_id, source, source_event_id, user_id', `${id}, 'run', 'shop', ${named}, ${user}`],
  shares: [
    'shard, share_id, campaign_id, activity_id, user_id, channel, subject_type, subject_id, key, hash, epoch, sequence, created_at',
    `0, ${named}, ${id}, 'sharing', ${user}, 'wechat', 'campaign', ${id}, 'u:share', '', 1, ${place}, now()`
  ],
  share_states: ['share_id, campaign_id, verified_at, verified_by', `${named}, ${id}, now(), 'ben'`],
  share_reports: [
    'campaign_id, source, source_event_id, share_id, verified',
    `${id}, 'shop', ${named}, ${named}, true`
  ],
  share_visitors: [
    'share_id, campaign_id, visitor, user_id, first_at, last_at',
    `${named}, ${id}, 'ben', 'ben', now() - interval '30 days', now() - interval '30 days'`
  ],
  share_clicks: ['share_id, campaign_id, clicks', `${named}, ${id}, 1`],
  share_conversions: [
    'campaign_id, cause, what, share_id, user_id, at',
    `${id}, ${named}, 'order', ${named}, ${user}, now()`
  ],
  share_texts: [
    'user_id, key, hash, text, saved_at, kept',
    `${user}, 'u:share-' || c, '', 'Look', now() - interval '30 days', true`
  ],
  assists: [
    'shard, assist_id, campaign_id, activity_id, share_id, sharer_id, user_id, epoch, sequence, given_at',
    `0, ${named}, ${id}, 'help', ${named}, ${user}, 'ben', 1, ${place}, now()`
  ],
  followed_assists: [
    'campaign_id, listener, assist_id, share_id, sharer_id, given',
    `${id}, 'help', ${named}, ${named}, ${user}, '1'`
  ],
  followed_share_voids: ['campaign_id, listener, share_id, voided', `${id}, 'help', ${named}, '1'`],
  comments: [
    'comment_id, campaign_id, activity_id, user_id, subject_type, subject_id, status, text, shard, epoch, sequence, posted_at',
    `${named}, ${id}, 'talk', ${user}, 'campaign', ${id}, 'shown', 'Good', 0, 1, ${place}, now()`
  ],
  subject_counts: [
    'campaign_id, activity_id, subject_type, subject_id, shard, comments',
    `${id}, 'talk', 'item', 'item-' || n, 0, 1`
  ],
  survey_answers: [
    'answer_id, campaign_id, activity_id, user_id, answers, shard, epoch, sequence, answered_at',
    `${named}, ${id}, 'survey', ${user}, '{}', 0, 1, ${place}, now()`
  ],
  survey_counts: [
    'campaign_id, activity_id, question, value, shard, answers',
    `${id}, 'survey', 'q', 'value-' || n, 0, 1`
  ],
  told_moments: ['campaign_id, activity_id, session_id, moment', `${id}, 'phone', 'session-' || n, 'opened'`],
  sold_out: ['campaign_id, activity_id, item_id, turn, is_out, told', `${id}, 'phone', 'session-' || n, 1, true, true`]
}

/** Fills what stays of archived campaigns, as the archive leaves it. */
export async function fillArchived(pool: Pool, archived: Archived): Promise<void> {
  const client = await pool.connect()
  try {
    // other tests fill the same server, and this is as much as a year of some
    await client.query('set statement_timeout = 0')
    await fill((text) => client.query(patient(text)), archived)
  } finally {
    client.release(true)
  }
}

async function fill(run: (text: string) => Promise<unknown>, { from, to, rows }: Archived): Promise<void> {
  for (const [table, [columns, values]] of Object.entries(ofCampaign))
    await run(`insert into ${table} (${columns}) select ${values} from generate_series(${from}, ${to}) c`)
  for (const [table, [columns, values]] of Object.entries(ofUsers)) {
    const each = `generate_series(${from}, ${to}) c, generate_series(1, ${rows}) n`
    await run(`insert into ${table} (${columns}) select ${values} from ${each}`)
  }
  await run('analyze')
}
