-- From which decision to which a campaign goes in a shard, and how many it has: `decisions` has no index by campaign.

create table campaign_places (
  shard integer not null,
  campaign_id text not null,
  first_epoch bigint not null,
  first_sequence bigint not null,
  last_epoch bigint not null,
  last_sequence bigint not null,
  decisions bigint not null,
  constraint campaign_places_pkey primary key (shard, campaign_id)
) with (fillfactor = 50);

alter table checkpoints
  -- decisions up to here are counted in campaign_places
  add column counted_epoch bigint not null default 0,
  add column counted_sequence bigint not null default 0,
  -- up to which decision Redis had forgotten replays when the owner of the shard asked last
  add column redis_forgot_epoch bigint not null default 0,
  add column redis_forgot_sequence bigint not null default 0;
