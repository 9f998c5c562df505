-- Whether a campaign is paused because everything was: only such a one goes on when everything does.
alter table campaigns add column paused_with_all boolean not null default false;
