#!lua
--[[
  purpose: writes one user's hash anew while the shard is open, after a comparison found that it is not what was decided
  KEYS:    1 shard, 2 outbox, 3 kept, 4 origin, 5 the user's hash
  ARGV:    1 its number of decisions as the comparison read it, '' for none, 2 up to where replays were forgotten then,
           `<epoch>;<sequence>`, 3 JSON list of field, value, ...
  Returns: `OK`; `MOVED` when the user has decided something since, or replays were forgotten; `CLOSED`
  Cost:    2 reads, 2 writes
  Replay:  writes the same again, unless the user has decided something since
]]
-- @include lib/opening
if not open_opening(KEYS[1], KEYS[4]) then
  return 'CLOSED'
end
local key = KEYS[5]
local count = redis.pcall('HGET', key, 'd')
if type(count) == 'table' then
  -- no hash at all: nobody can have decided with it
  redis.call('UNLINK', key)
  count = false
end
-- every decision of a user counts here
if (count or '') ~= ARGV[1] or (redis.call('HGET', KEYS[1], 'forgot') or '0;0') ~= ARGV[2] then
  return 'MOVED'
end
local fields, expected = cjson.decode(ARGV[3]), {}
if #fields == 0 then
  -- nobody's hash
  redis.call('UNLINK', key)
  return 'OK'
end
local has_ring = false
for i = 1, #fields, 2 do
  expected[fields[i]] = true
  has_ring = has_ring or string.find(fields[i], '^q:%d') ~= nil
end
for _, field in ipairs(redis.call('HKEYS', key)) do
  -- the ring of newest decisions is in no fold: it stays, unless what it goes by is written anew, and the ring with it
  if not expected[field] and (has_ring or not string.find(field, '^q:%d')) then
    redis.call('HDEL', key, field)
  end
end
for first = 1, #fields, 4000 do
  redis.call('HSET', key, unpack(fields, first, math.min(first + 3999, #fields)))
end
return 'OK'
