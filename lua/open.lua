#!lua
--[[
  purpose: recovery step 8, the last one: opens the shard under this epoch
  KEYS:    1 shard, 2 origin, 3 base, 4 elsewhere (what it says is of the opening before)
  ARGV:    1 sequence, 2 batch to go on from (0 and 0 for a new epoch), 3 base (lib/base), 4 time of the newest decision (ms)
  Returns: `OK`, or `CLOSED` when another recovery has taken over or this is another Redis by now
  Cost:    1 read, 5 writes
  Replay:  refuses once open, so that counters are never set back
]]
-- @include lib/opening
-- @include lib/base
local values = redis.call('HMGET', KEYS[1], 'epoch', 'open', 'clock')
if not same_redis() or values[1] ~= EPOCH then
  return 'CLOSED'
end
if values[2] == EPOCH then
  return 'OK'
end
redis.call('DEL', KEYS[3], KEYS[4])
mark_origin(KEYS[2])
-- the clock is in no frame: without this, deadlines that passed on another Redis would pass a second time
local clock = string.format('%.0f', math.max(tonumber(values[3]) or 0, tonumber(ARGV[4])))
redis.call('HSET', KEYS[1], 'open', EPOCH, 'seq', ARGV[1], 'batch', ARGV[2], 'kept_bytes', '0', 'clock', clock)
write_base(KEYS[3], ARGV[3])
return 'OK'
