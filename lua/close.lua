#!lua flags=allow-oom
--[[
  purpose: recovery step 2, closes the shard for every other opening; from here no call of another epoch writes
  KEYS:    1 shard, 2 outbox, 3 base
  ARGV:    none
  Returns: { `OK`, base (lib/base) or '', batch, seq, up to where replays are forgotten or '' }: what the data are; or { `HIGHER`, epoch } when Redis knows this epoch or a higher one, or
           { `EXCHANGED` } when this is another Redis by now
  Cost:    4 reads, 2 writes
  Replay:  never: the second time it answers `HIGHER`, because another recovery may have been given the same number
]]
-- @include lib/opening
-- @include lib/base
if not same_redis() then
  return { 'EXCHANGED' }
end
local known = redis.pcall('HMGET', KEYS[1], 'epoch', 'batch', 'seq', 'forgot')
if known.err then
  -- the key holds no hash: treated as a Redis that was wiped
  redis.call('UNLINK', KEYS[1])
  known = {}
elseif (tonumber(known[1] or '') or 0) >= tonumber(EPOCH) then
  return { 'HIGHER', known[1] }
end
local id, closed_by = read_base(KEYS[3])
local batch, seq = tonumber(known[2] or ''), tonumber(known[3] or '')
-- another epoch than the last that knew the base: a version that knows none was here, and may have deleted any part of the data.
-- An emptied outbox still exists; a missing one lost frames that gave something, which Postgres may have and these data have not.
if closed_by ~= known[1] or not batch or not seq or (batch > 0 and redis.call('EXISTS', KEYS[2]) == 0) then
  id = nil
end
if id then
  write_base(KEYS[3], id)
else
  redis.call('DEL', KEYS[3])
end
redis.call('HSET', KEYS[1], 'epoch', EPOCH, 'open', '0')
return { 'OK', id or '', known[2] or '0', known[3] or '0', known[4] or '' }
