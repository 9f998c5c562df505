#!lua
--[[
  purpose: recovery step 5, deletes and writes hashes while the shard is closed under this epoch
  KEYS:    1 shard, 2.. the hashes
  ARGV:    for each hash: number of fields (0 = delete it), then that many field, value
  Returns: `OK`, or `CLOSED` when another recovery has taken over
  Cost:    1 read, 1 delete and 1 write per hash
  Replay:  writes the same values again
]]
-- @include lib/opening
local values = redis.call('HMGET', KEYS[1], 'epoch', 'open')
if not same_redis() or values[1] ~= EPOCH or values[2] ~= '0' then
  return 'CLOSED'
end
local at = 1
for i = 2, #KEYS do
  local count = tonumber(ARGV[at])
  redis.call('UNLINK', KEYS[i])
  for from = at + 1, at + count * 2, 4000 do
    redis.call('HSET', KEYS[i], unpack(ARGV, from, math.min(from + 3999, at + count * 2)))
  end
  at = at + 1 + count * 2
end
return 'OK'
