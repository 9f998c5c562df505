-- By which a recovery tells whether Redis holds a prefix of the journal, so that it applies what is missing instead of writing everything.

alter table openings
  -- stored with "open", and kept by the data of Redis: an epoch alone may be given out twice by a Postgres that went back
  add column token text not null default '',
  add column opened boolean not null default false,
  -- all its frames up to this batch are in `frames`, and hold the decisions up to this sequence
  add column complete_batch bigint not null default 0,
  add column complete_sequence bigint not null default 0;

-- Openings of an earlier version have no token, so Redis is written anew once.
update openings set opened = created;

alter table shards
  -- rows of `decisions` up to here may have left the table: a Redis whose data end before it lacks them
  add column floor_epoch bigint not null default 0,
  add column floor_sequence bigint not null default 0,
  -- somebody asked for Redis to be written anew
  add column rebuild_asked boolean not null default false;
