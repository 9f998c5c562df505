#!lua flags=allow-oom
--[[
  purpose: recovery step 2, closes the shard for every other opening; from here no call of another epoch writes
  KEYS:    1 shard
  ARGV:    none
  Returns: `OK`, or `HIGHER;<epoch>` when Redis knows a higher epoch, or `EXCHANGED` when this is another Redis by now
  Cost:    1 read, 1 write
  Replay:  writes the same values again
]]
-- @include lib/opening
if not same_redis() then
  return 'EXCHANGED'
end
local known = redis.pcall('HGET', KEYS[1], 'epoch')
if type(known) == 'table' then
  -- the key holds no hash: treated as a Redis that was wiped
  redis.call('UNLINK', KEYS[1])
elseif (tonumber(known or '') or 0) > tonumber(EPOCH) then
  return 'HIGHER;' .. known
end
redis.call('HSET', KEYS[1], 'epoch', EPOCH, 'open', '0')
return 'OK'
