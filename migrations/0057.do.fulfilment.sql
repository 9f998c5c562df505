-- How far claimed wins are handed over, and codes for picking them up.
-- squawk-ignore-file require-concurrent-index-creation
alter table wins add column fulfilment text;
alter table wins add column fulfilment_count integer not null default 0;
alter table wins add column fulfilment_at timestamptz;
-- carrier, number of the parcel, reason
alter table wins add column fulfilment_told jsonb;

-- what somebody has still to do something about; null: it was claimed, and nothing more. (Writers wait while it is built: as long as it takes
-- to read wins once.)
create index wins_to_hand_over on wins (campaign_id, won_at desc, epoch desc, sequence desc)
where status = 'claimed' and (fulfilment is null or fulfilment not in ('credited', 'delivered'));

-- claimed wins of which nothing is noted: whether a code is all of it
create index wins_unnoted on wins (shard, epoch, sequence) where status = 'claimed' and fulfilment is null;

-- By what a win is picked up: shown to its owner alone. It never enters the journal.
create table pickups (
  code text constraint pickups_pkey primary key,
  win_id text not null,
  made_at timestamptz not null default now()
);

create unique index pickups_of_win on pickups (win_id);
