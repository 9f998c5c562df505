-- Operators look for orders and wins of a campaign, newest first, revoked ones too. Both grow at their ends only.
-- squawk-ignore require-concurrent-index-creation
create index orders_of_campaign on orders (campaign_id, accepted_at desc, epoch desc, sequence desc);
-- squawk-ignore require-concurrent-index-creation
create index wins_of_campaign_all on wins (campaign_id, won_at desc, epoch desc, sequence desc);
