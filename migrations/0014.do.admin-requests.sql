-- Changes asked for at the admin port, each once: by operator and Idempotency-Key what was asked and, once it is done, what was
-- answered. A request without an answer is being worked on until `claimed_until`; after that it may be taken up again.
create table admin_requests (
  operator text not null,
  key text not null,
  hash text not null,
  asked_at timestamptz not null default now(),
  claimed_until timestamptz not null,
  status integer,
  body text,
  etag text,
  -- SHA-256 of an uploaded file, which is read once and not kept
  digest text,
  constraint admin_requests_pkey primary key (operator, key),
  check ((status is null) = (body is null))
);

create index admin_requests_by_age on admin_requests (asked_at);
