-- What a user has of that on which levels of a campaign rest, and the level that follows from it.
create table level_counts (
  campaign_id text not null,
  user_id text not null,
  -- whose level it is: of the campaign, or '' of the account
  scope text not null,
  points bigint not null default 0,
  -- minor units
  amount bigint not null default 0,
  level integer not null default 0,
  constraint level_counts_pkey primary key (campaign_id, user_id)
);

create index level_counts_of_scope on level_counts (scope, user_id);

-- The earned level of a user: the one that was decided last, and the one that it is to be.
create table level_states (
  scope text not null,
  user_id text not null,
  level integer not null default 0,
  wanted integer not null,
  -- what the gate is asked for, until it is known what became of it
  asked integer,
  -- how many changes were decided: it names the next one
  changes integer not null default 0,
  -- whose counts changed it, and what they are
  campaign_id text not null,
  why jsonb not null,
  attempts integer not null default 0,
  next_attempt_at timestamptz,
  constraint level_states_pkey primary key (scope, user_id)
);

-- next_attempt_at is null where nothing is left to do
create index level_states_due on level_states (next_attempt_at) where next_attempt_at is not null;
