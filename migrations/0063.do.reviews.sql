-- Rewards that somebody has to release: those for what others did, and wins that were claimed.
-- squawk-ignore-file require-concurrent-index-creation
create table reviews (
  review_id bigint generated always as identity constraint reviews_pkey primary key,
  campaign_id text not null,
  -- of a reward: its row in credits
  cause text,
  role text,
  -- of a win
  win_id text,
  state text not null default 'waiting' check (state in ('waiting', 'approved', 'rejected')),
  asked_at timestamptz not null default now(),
  decided_by text,
  reason text,
  decided_at timestamptz,
  check ((win_id is null) = (cause is not null) and (cause is null) = (role is null))
);

create unique index reviews_of_credit on reviews (campaign_id, cause, role) where cause is not null;

create unique index reviews_of_win on reviews (win_id) where win_id is not null;

create index reviews_by_state on reviews (campaign_id, state, review_id);

-- Those whose code is still to be handed out. (Writers wait while it is built: as long as it takes to read wins once.)
create index wins_approved on wins (shard, epoch, sequence) where status = 'claimed' and fulfilment = 'approved';
