-- Assists as a listener has met them, which counts them exactly once: an assist and the end of its share are decisions of two users, and come
-- in any order. A moment is one text that sorts as decisions do: the time of the decision, then its place among those of that time.
create table followed_assists (
  campaign_id text not null,
  listener text not null,
  assist_id text not null,
  share_id text not null,
  -- whose share it is
  sharer_id text not null,
  -- null: what voids it came first
  given text collate "C",
  voided text collate "C",
  constraint followed_assists_pkey primary key (campaign_id, listener, assist_id)
);

create index followed_assists_of_share on followed_assists (campaign_id, listener, share_id);

create index followed_assists_of_sharer on followed_assists (campaign_id, listener, sharer_id);

create table followed_share_voids (
  campaign_id text not null,
  listener text not null,
  share_id text not null,
  voided text collate "C" not null,
  constraint followed_share_voids_pkey primary key (campaign_id, listener, share_id)
);
