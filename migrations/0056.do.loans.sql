-- Units that go from one shard to another: a row each, two decisions, and what the projections of both wrote about them.

-- Of closings, in their order: a loan that is closed gets the next one after whoever closes it has seen it.
create sequence loans_closings;

create table loans (
  -- made by who begins it: a Postgres that went back would count the same numbers again
  loan_id uuid constraint loans_pkey primary key,
  campaign_id text not null,
  -- logical key of the stock hash, and the field of what is left of the item
  key text not null,
  field text not null,
  -- the same place as in the table stock
  activity_id text not null,
  session_id text not null,
  from_shard integer not null,
  to_shard integer not null,
  asked bigint not null,
  -- what the lend took
  lent bigint,
  -- its decision, which the projection of from_shard writes; the receipt, which that of to_shard writes
  lent_by text,
  received_by text,
  state text not null default 'asked' check (state in ('asked', 'lent', 'received', 'void')),
  asked_at timestamptz not null default clock_timestamp(),
  closed_at timestamptz,
  -- null as long as it is open
  closing bigint,
  check ((closed_at is null) = (closing is null))
);

create index loans_open on loans (to_shard) where closing is null;

create index loans_of_item on loans (campaign_id, activity_id, session_id, closing);

-- in the sum of stock of one shard only, or of none
create index loans_on_their_way on loans (campaign_id, activity_id, session_id)
  where state <> 'void' and (lent_by is null) <> (received_by is null);
