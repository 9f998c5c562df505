-- Operators look for whom a code belongs to, whichever pool it came from.
-- squawk-ignore require-concurrent-index-creation
create index codes_by_code on codes (code);
