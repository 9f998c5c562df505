#!lua
--[[
  purpose: recovery step 5, deletes and writes hashes while the shard is closed under this epoch
  KEYS:    1 shard, 2.. the hashes
  ARGV:    for each hash: number of sums, number of values (both 0 = delete it), then that many field, delta and field, value
  Returns: how many of the hashes are new, or `CLOSED` when another recovery has taken over
  Cost:    1 look and 1 write per new hash; 1 write per sum, and 1 for all values, where earlier decisions made it
  Replay:  never: sums would count twice. A call without an answer ends this recovery, and the next one deletes first.
]]
-- @include lib/opening
local values = redis.call('HMGET', KEYS[1], 'epoch', 'open')
if not same_redis() or values[1] ~= EPOCH or values[2] ~= '0' then
  return 'CLOSED'
end
local function write(key, from, to)
  for first = from, to, 4000 do
    redis.call('HSET', key, unpack(ARGV, first, math.min(first + 3999, to)))
  end
end
local at = 1
local new = 0
for i = 2, #KEYS do
  local key = KEYS[i]
  local first = at + 2
  local behind_sums = first + tonumber(ARGV[at]) * 2
  local behind = behind_sums + tonumber(ARGV[at + 1]) * 2
  if behind == first then
    redis.call('UNLINK', key)
  elseif redis.call('EXISTS', key) == 0 then
    new = new + 1
    write(key, first, behind - 1)
  else
    for sum = first, behind_sums - 1, 2 do
      redis.call('HINCRBY', key, ARGV[sum], ARGV[sum + 1])
    end
    write(key, behind_sums, behind - 1)
  end
  at = behind
end
return new
