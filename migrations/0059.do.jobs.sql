-- Work in bulk that operators ask for and the worker does piece by piece, whoever stops in between.
create table jobs (
  job_id bigint generated always as identity constraint jobs_pkey primary key,
  kind text not null check (kind in ('cancellation', 'disqualification')),
  campaign_id text not null,
  -- which orders, or which user and what of theirs
  asked jsonb not null,
  operator text not null,
  reason text not null,
  -- of the operator's request: asked again it is the same job
  request_key text not null,
  -- the change that comes first
  intent_id bigint,
  state text not null default 'listing' check (state in ('listing', 'working', 'done')),
  -- ms since 1970: what was decided up to then is listed; null before the first look
  until bigint,
  -- the order that was listed last
  listed_at timestamptz,
  listed_order text not null default '',
  asked_at timestamptz not null default now(),
  done_at timestamptz
);

create unique index jobs_of_request on jobs (operator, request_key);

create unique index jobs_of_intent on jobs (intent_id) where intent_id is not null;

create index jobs_open on jobs (campaign_id, job_id) where state <> 'done';

-- What a job has to do: once for each order or win, or for what else it names.
create table job_items (
  job_id bigint not null references jobs,
  item text not null,
  kind text not null,
  -- what has a higher one waits for all that has a lower one
  phase integer not null,
  state text not null default 'due' check (state in ('due', 'done', 'failed')),
  decision_id text,
  -- why it failed, or why there was nothing left to do
  refusal text,
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  constraint job_items_pkey primary key (job_id, item)
);

create index job_items_due on job_items (next_attempt_at) where state = 'due';

create index job_items_left on job_items (job_id, phase) where state = 'due';

create index job_items_failed on job_items (job_id, item) where state = 'failed';

-- Users whom a board does not show, by what its listener has met: they stay counted, and come back with their score once they are let in.
create table board_hidden (
  campaign_id text not null,
  board_id text not null,
  user_id text not null,
  constraint board_hidden_pkey primary key (campaign_id, board_id, user_id)
);
