#!lua flags=allow-oom
--[[
  purpose: forgets replays: deletes the replay fields of users' oldest decisions up to a place, which the shard's hash names
  KEYS:    1 shard, 2 origin, 3.. the users' hashes
  ARGV:    1 the place up to which they were forgotten before, 2 up to which they are now, each `<epoch>;<sequence>`, 3 JSON, for each
           hash a list of its decisions: field, `<epoch>;<sequence>`, ...
  Returns: `OK`, or `CLOSED` when the shard is closed, or the place up to which they are forgotten, when that is neither
  Cost:    1 read, 2 writes a hash
  Replay:  does nothing the second time, because the place moves with it
]]
-- @include lib/opening
-- @include lib/numbers
local NONE = '0;0'
-- As in lib/frame: the field of a user's nth decision is found by `d` modulo this. So `d` falls by as much at a time, and `f` counts
-- what was forgotten since: no place of the ring shifts, and the gate reads nothing more. A user of whom all is forgotten has neither,
-- and no ring: it names what Postgres may lack.
local RING = 256
local COUNTS = { 'd', 'f' }
for place = 0, RING - 1 do
  COUNTS[#COUNTS + 1] = 'q:' .. place
end

-- Only a record of that decision: the key may have been used again.
local function own_fields(decisions, records)
  local own = {}
  for i = 1, #decisions, 2 do
    local record = records[2 + (i + 1) / 2]
    local epoch, sequence = string.match(record or '', '^[^;]*;(%d+);(%d+);')
    if epoch and epoch .. ';' .. sequence == decisions[i + 1] then
      own[#own + 1] = decisions[i]
    end
  end
  return own
end

local function forget_in(key, decisions)
  local fields = { 'd', 'f' }
  for i = 1, #decisions, 2 do
    fields[#fields + 1] = decisions[i]
  end
  local records = redis.pcall('HMGET', key, unpack(fields))
  if records.err then
    return
  end
  local count, forgotten = natural(records[1]), natural(records[2])
  -- a hash that does not hold what it should is left as it is; the comparison tells of it
  if not count or not forgotten or count - forgotten < #decisions / 2 then
    return
  end
  local own = own_fields(decisions, records)
  if #own > 0 then
    redis.call('HDEL', key, unpack(own))
  end
  forgotten = forgotten + #decisions / 2
  if forgotten == count then
    redis.call('HDEL', key, unpack(COUNTS))
    return
  end
  local left = forgotten % RING
  if left < forgotten then
    redis.call('HSET', key, 'd', text(count - forgotten + left))
  end
  if left == 0 then
    redis.call('HDEL', key, 'f')
  else
    redis.call('HSET', key, 'f', text(left))
  end
end

if not open_opening(KEYS[1], KEYS[2]) then
  return 'CLOSED'
end
local place = redis.call('HGET', KEYS[1], 'forgot') or NONE
if place == ARGV[2] then
  return 'OK'
end
if place ~= ARGV[1] then
  return place
end
for i, decisions in ipairs(cjson.decode(ARGV[3])) do
  forget_in(KEYS[i + 2], decisions)
end
redis.call('HSET', KEYS[1], 'forgot', ARGV[2])
return 'OK'
