-- Grants of a campaign by user: what somebody was granted so far is looked up for each further grant, for its cap. Writers
-- wait for a moment only: operators write here, users never, and a migration runs in one transaction.
-- squawk-ignore require-concurrent-index-creation
create index intents_of_grants on intents (campaign_id, user_id) where type = 'balance.credited';
