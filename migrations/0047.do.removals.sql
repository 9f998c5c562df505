-- What left Redis with a campaign that is archived, and where its sums are kept.

-- What a decision removed: by logical key a list of fields, an empty one for the whole hash. Null for nearly all of them.
alter table decisions add column dels json;

-- A user's fields are removed by a decision that is not the user's own: whoever reads those of a user reads these too.
-- The projection waits while Postgres reads the table once for it; no row is in it yet.
-- squawk-ignore require-concurrent-index-creation
create index decisions_with_removals on decisions (shard, epoch, sequence) where dels is not null;

-- Rows of `stock` and `balances`, moved here in the transaction that stores the decision: what is there is compared with Redis.
create table archived_stock (
  shard integer not null,
  campaign_id text not null,
  activity_id text not null,
  session_id text not null,
  total bigint not null,
  remaining bigint not null,
  held bigint not null,
  paid bigint not null,
  beyond bigint not null,
  constraint archived_stock_pkey primary key (shard, campaign_id, activity_id, session_id)
);

create table archived_balances (
  user_id text not null,
  scope text not null,
  unit text not null,
  shard integer not null,
  balance bigint not null,
  beyond bigint not null,
  constraint archived_balances_pkey primary key (user_id, scope, unit)
);
