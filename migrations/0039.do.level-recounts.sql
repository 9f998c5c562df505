-- Levels that rest on shares and what these led to.
alter table level_counts
  -- verified
  add column shares bigint not null default 0,
  add column visits bigint not null default 0,
  add column registrations bigint not null default 0,
  add column orders bigint not null default 0;

-- Shares of which something changed on which the level of their user rests, until it is counted anew.
create table level_recounts (
  -- of the share and of its user
  shard integer not null,
  recount_id bigint generated always as identity,
  share_id text not null,
  constraint level_recounts_pkey primary key (shard, recount_id)
);

-- squawk-ignore require-concurrent-index-creation
create index shares_of_user on shares (campaign_id, user_id);
