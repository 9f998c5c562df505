-- What users wrote in discussions, each comment with the text that was kept for its request.
create table comments (
  comment_id text constraint comments_pkey primary key,
  campaign_id text not null,
  activity_id text not null,
  user_id text not null,
  subject_type text not null,
  subject_id text not null,
  -- the comment that it answers
  reply_to text,
  status text not null check (status in ('shown', 'waiting', 'hidden')),
  -- null where the text was lost: such a comment is hidden
  text text,
  shard integer not null,
  epoch bigint not null,
  sequence bigint not null,
  posted_at timestamptz not null,
  check (status <> 'shown' or text is not null)
);

create index comments_of_subject on comments
  (campaign_id, activity_id, subject_type, subject_id, posted_at desc, epoch desc, sequence desc) where status = 'shown';

create index comments_by_status on comments (campaign_id, activity_id, status, posted_at desc, epoch desc, sequence desc);

-- How many comments on a thing are shown, and how many users like it: read with one look-up however many there are. A row for each
-- shard, which its owner alone writes.
create table subject_counts (
  campaign_id text not null,
  activity_id text not null,
  subject_type text not null,
  subject_id text not null,
  shard integer not null,
  comments bigint not null default 0 check (comments >= 0),
  likes bigint not null default 0 check (likes >= 0),
  constraint subject_counts_pkey primary key (campaign_id, activity_id, subject_type, subject_id, shard)
);
