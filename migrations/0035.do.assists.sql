-- Assists: who helped which share.
create table assists (
  shard integer not null,
  assist_id text not null,
  campaign_id text not null,
  activity_id text not null,
  share_id text not null,
  -- whose share it is
  sharer_id text not null,
  -- who helped
  user_id text not null,
  epoch bigint not null,
  sequence bigint not null,
  given_at timestamptz not null,
  voided_at timestamptz,
  constraint assists_pkey primary key (assist_id)
);

create index assists_of_share on assists (share_id);

create index assists_of_sharer on assists (campaign_id, sharer_id);
