-- Which events are told that are no decisions: that a session or a campaign opened or closed, that units ran out or came back.

-- A moment that was told. The row of the empty campaign says since when they are told: what was before is told to nobody.
create table told_moments (
  campaign_id text not null,
  -- empty: of the campaign itself
  activity_id text not null,
  session_id text not null,
  moment text not null,
  told_at timestamptz not null default clock_timestamp(),
  constraint told_moments_pkey primary key (campaign_id, activity_id, session_id, moment)
);

insert into told_moments (campaign_id, activity_id, session_id, moment) values ('', '', '', 'first');

-- What has run out, or did and is there again, over all shards; a turn that is not told holds back the next one.
create table sold_out (
  campaign_id text not null,
  activity_id text not null,
  item_id text not null,
  -- how often it ran out or came back
  turn integer not null,
  is_out boolean not null,
  told boolean not null,
  turned_at timestamptz not null default clock_timestamp(),
  constraint sold_out_pkey primary key (campaign_id, activity_id, item_id)
);

insert into sold_out (campaign_id, activity_id, item_id, turn, is_out, told)
select campaign_id, activity_id, session_id, 1, true, true from stock
group by campaign_id, activity_id, session_id having sum(remaining) <= 0 and sum(total) > 0;
