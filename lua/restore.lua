#!lua
--[[
  purpose: recovery step 5, deletes and writes hashes while the shard is closed under this epoch
  KEYS:    1 shard, 2.. the hashes
  ARGV:    1 JSON, for each hash a list of field, delta, ... and a list of field, value, ..., all strings; both empty = delete
  Returns: how many of the hashes are new, or `CLOSED` when another recovery has taken over
  Cost:    1 look and 1 write per new hash; 1 write per sum, and 1 for all values, where earlier decisions made it
  Replay:  never: sums would count twice. A call without an answer ends this recovery, and the next one deletes first.
]]
-- @include lib/opening
local shard = redis.call('HMGET', KEYS[1], 'epoch', 'open')
if not same_redis() or shard[1] ~= EPOCH or shard[2] ~= '0' then
  return 'CLOSED'
end
local function write(key, list)
  for first = 1, #list, 4000 do
    redis.call('HSET', key, unpack(list, first, math.min(first + 3999, #list)))
  end
end
local new = 0
for i, hash in ipairs(cjson.decode(ARGV[1])) do
  local key = KEYS[i + 1]
  local sums, values = hash[1], hash[2]
  if #sums + #values == 0 then
    redis.call('UNLINK', key)
  elseif redis.call('EXISTS', key) == 0 then
    new = new + 1
    write(key, sums)
    write(key, values)
  else
    for at = 1, #sums, 2 do
      redis.call('HINCRBY', key, sums[at], sums[at + 1])
    end
    write(key, values)
  end
end
return new
