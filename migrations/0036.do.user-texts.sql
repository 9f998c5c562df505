-- Texts that users wrote, from before the gate decides until the decision is stored: then its row takes the text over. Under key and
-- hash of the request, so that a request that the gate did not decide changes nothing of one that it did. Texts are in no other place.
create table user_texts (
  user_id text not null,
  key text not null,
  hash text not null,
  text text not null,
  -- requests that brought it and were not refused
  asking integer not null default 1 check (asking > 0),
  saved_at timestamptz not null default now(),
  constraint user_texts_pkey primary key (user_id, key, hash)
);

create index user_texts_by_age on user_texts (saved_at);
