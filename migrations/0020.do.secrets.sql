-- Random secrets of a deployment, made when they are first needed: the key of the hash that tells claims of a win apart. The hash
-- stands in the journal, the secret does not, so an address cannot be guessed from it.
create table secrets (
  name text constraint secrets_pkey primary key,
  value bytea not null check (length(value) >= 32)
);
