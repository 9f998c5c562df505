-- Spins whose prize may be in another shard: drawn, and not given yet. A row goes with the decision that ends its spin.
create table drawn_spins (
  shard integer not null,
  epoch bigint not null,
  sequence bigint not null,
  campaign_id text not null,
  activity_id text not null,
  user_id text not null,
  drawn_at timestamptz not null,
  primary key (shard, epoch, sequence)
);

create index drawn_spins_by_campaign on drawn_spins (campaign_id);
