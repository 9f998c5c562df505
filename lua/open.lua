#!lua
--[[
  purpose: recovery step 8, the last one: opens the shard under this epoch
  KEYS:    1 shard, 2 origin
  ARGV:    1 sequence, 2 batch to go on from (0 and 0 for a new epoch)
  Returns: `OK`, or `CLOSED` when another recovery has taken over or this is another Redis by now
  Cost:    1 read, 3 writes
  Replay:  refuses once open, so that counters are never set back
]]
-- @include lib/opening
local values = redis.call('HMGET', KEYS[1], 'epoch', 'open')
if not same_redis() or values[1] ~= EPOCH then
  return 'CLOSED'
end
if values[2] == EPOCH then
  return 'OK'
end
mark_origin(KEYS[2])
redis.call('HSET', KEYS[1], 'open', EPOCH, 'seq', ARGV[1], 'batch', ARGV[2], 'kept_bytes', '0')
return 'OK'
