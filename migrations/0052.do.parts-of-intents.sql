-- Rules and stock are in every shard: what each did for a change that others have still to carry out, by the number of the shard,
-- {"0": {"decision": "0-1795300652-3", "applied": [25]}}. Empty once it is closed by all of them at the same time.
alter table intents add column parts jsonb not null default '{}';
