-- What operators tell the visitors of a campaign, by language: a matter of display, which no decision rests on.
alter table campaigns add column notice jsonb;
