-- Leaderboards: the fold of the decisions that count for a board. One row for each board of a campaign, and one for each of its
-- periods (the campaign, a local day, a week by its Monday), so that a period can be frozen by itself.
create table boards (
  campaign_id text not null,
  board_id text not null,
  -- ms since 1970: when the campaign was ended early, and which decisions stand for the end of counting: the newest that was
  -- counted, the oldest that came too late. A moved end of the campaign between the two needs a recount.
  ended_at bigint,
  counted_to bigint,
  skipped_from bigint,
  constraint boards_pkey primary key (campaign_id, board_id)
);

create table board_periods (
  campaign_id text not null,
  board_id text not null,
  period text not null,
  -- of this counting: another one after a recount, so that ranks in Redis of an earlier one are not taken for it
  token uuid not null default gen_random_uuid(),
  -- rises with each transaction that counts something; the rows of board_scores name the one that wrote them
  version bigint not null default 0,
  -- ms since 1970, decision time that the scores stand for
  as_of bigint not null,
  state text not null default 'counting' check (state in ('counting', 'freezing', 'frozen')),
  freezing_since timestamptz,
  frozen_at timestamptz,
  -- how far its order is written: ranks, and the place of the last one
  ranked bigint not null default 0,
  passed jsonb,
  -- whether the event board.frozen was told
  told boolean not null default false,
  constraint board_periods_pkey primary key (campaign_id, board_id, period)
);

create index board_periods_open on board_periods (campaign_id, board_id, period) where state <> 'frozen';

create index board_periods_untold on board_periods (frozen_at) where state = 'frozen' and not told;

-- The score of a user, and when it was reached: time and place of the newest decision that changed it. Both are kept apart from
-- the score, and neither depends on the order in which decisions are counted.
create table board_scores (
  campaign_id text not null,
  board_id text not null,
  period text not null,
  user_id text not null,
  score bigint not null,
  reached_at bigint not null,
  tie text collate "C" not null,
  version bigint not null,
  constraint board_scores_pkey primary key (campaign_id, board_id, period, user_id)
) with (fillfactor = 80);

create index board_scores_changed on board_scores (campaign_id, board_id, period, version, user_id);

-- the negative score, so that the next page of the order is one comparison of rows and begins where the last one ended
create index board_scores_order on board_scores (campaign_id, board_id, period, (-score), reached_at, tie, user_id)
where score > 0;

-- The order of a frozen period. `top_row` is the row of `top` that the rank fits, counted from 0.
create table board_ranks (
  campaign_id text not null,
  board_id text not null,
  period text not null,
  rank bigint not null,
  user_id text not null,
  score bigint not null,
  top_row integer,
  constraint board_ranks_pkey primary key (campaign_id, board_id, period, rank)
);

create unique index board_ranks_of_user on board_ranks (campaign_id, user_id, board_id, period);

-- what a freeze asks for: who is disqualified, and when a campaign was ended
-- squawk-ignore require-concurrent-index-creation
create index intents_of_standing on intents (campaign_id, type, user_id, intent_id)
where type in ('user.disqualified', 'user.requalified', 'campaign.ended');
