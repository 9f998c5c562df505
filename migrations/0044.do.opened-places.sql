-- What operators have opened in a shard: its campaigns and their stock. A frame that takes from anything else is none of ours. Rows of
-- `decisions` and `stock` say it too, but leave with a campaign that is archived; these never do.
create table opened_places (
  shard integer not null,
  campaign_id text not null,
  -- both '' for the campaign itself; of a pool, the activity is `pool/<pool>`
  activity_id text not null,
  session_id text not null,
  constraint opened_places_pkey primary key (shard, campaign_id, activity_id, session_id)
);
