-- What follows from decisions for others: a reader of what the projection has stored, with a place of its own in reader_places.

-- Where the decisions of a frame begin, so that they are found by the primary key of decisions. An earlier worker leaves it out.
alter table frames add column first_sequence bigint;

update frames set first_sequence = found.first
from (select shard, epoch, batch, min(sequence) as first from decisions group by shard, epoch, batch) found
where frames.shard = found.shard and frames.epoch = found.epoch and frames.batch = found.batch;

-- squawk-ignore require-concurrent-index-creation
create index frames_by_place on frames (shard, stream_epoch, stream_sequence);

-- Listeners that are known; one that is not is fed the history of its campaign first.
create table listeners (
  shard integer not null,
  campaign_id text not null,
  name text not null,
  added_at timestamptz not null default now(),
  constraint listeners_pkey primary key (shard, campaign_id, name)
);

-- What users get for what others did: once for a cause and a role.
create table credits (
  campaign_id text not null,
  -- the decision that is the cause, or a place on a board
  cause text not null,
  -- `<activity>/<action>`, and more where one cause credits several times
  role text not null,
  activity_id text not null,
  action text not null,
  user_id text not null,
  about text not null default '',
  -- local day of the cause: caps count by it
  day integer not null,
  request jsonb not null default '{}',
  state text not null default 'due' check (state in ('due', 'done', 'refused', 'voided', 'taken-back')),
  -- the cause was voided: what was given is taken back, what was not is not given
  voided boolean not null default false,
  decision_id text,
  refusal text,
  -- of its decision: the cap that withheld the reward
  capped_by text,
  attempts integer not null default 0,
  due_at timestamptz not null default now(),
  next_attempt_at timestamptz default now(),
  constraint credits_pkey primary key (campaign_id, cause, role)
);

-- next_attempt_at is null where nothing is left to do
create index credits_due on credits (next_attempt_at) where next_attempt_at is not null;
create index credits_of_user on credits (user_id, campaign_id);
