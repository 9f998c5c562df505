-- What the owner of a shard waits for before it opens it: said by the state, by doctor and by `floodgate recover`.
alter table shards add column waiting_for text not null default '';
