-- By shard, the last frame and decision when a job began to list: what was decided up to them is listed. A clock that steps back says nothing
-- about what came first, so `until` is written by earlier versions only.
alter table jobs add column marks jsonb;
