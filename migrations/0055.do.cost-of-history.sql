-- What runs by itself reads what is open or live, and not what ever was.
-- Writers wait while an index is built: a moment for what is open and live, and for win_details, share_texts and shares as long as it takes
-- to read each of them once.
-- squawk-ignore-file require-concurrent-index-creation, require-concurrent-index-deletion

create index campaigns_live on campaigns (campaign_id) where published_version is not null and not archived;

create index campaigns_publishing on campaigns (campaign_id) where review = 'publishing';

create index campaigns_without_end on campaigns (campaign_id) where settled and rules is not null and not rules ? 'endedAt';

create index settlements_open on settlements (updated_at) where settled_at is null;

create index sold_out_untold on sold_out (turned_at) where not told;

create index reminder_sessions_missed on reminder_sessions (shard) where missed > 0;

-- Details and texts that a decision used stay for good: once that is known, they are not looked at again.
alter table win_details add column kept boolean not null default false;

alter table share_texts add column kept boolean not null default false;

create index win_details_unsure on win_details (saved_at) where not kept;

create index share_texts_unsure on share_texts (saved_at) where not kept;

drop index win_details_by_age;

drop index share_texts_by_age;

-- by which it is told whether a text was used
create index shares_by_request on shares (user_id, key);
