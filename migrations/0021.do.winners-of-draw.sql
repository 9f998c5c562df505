-- The public list of the winners of one draw: without it Postgres reads along all wins of the campaign until it found a page.
-- The projection waits while it is made: wins are told as before, out of Redis and journal.
-- squawk-ignore require-concurrent-index-creation
create index wins_of_draw on wins (campaign_id, activity_id, won_at desc, epoch desc, sequence desc)
where status <> 'revoked';
