--[[
  purpose: the shard's own hash, and the check that this opening may still write
  KEYS:    the shard hash and the origin, given by the caller
  Returns: same_redis() and being_opened(key) for recovery; mark_origin(origin) for its last step; open_opening(key, origin) ->
           table or nil when closed; mark(opening, field, value) notes what changes of the hash; save_opening(opening) writes that
]]
-- When another Redis takes the place of this one (promoted, restarted on an old file), a full resync keeps its script cache, but its
-- replication id differs: a script of this opening must not decide there.
local function same_redis()
  return string.find(redis.call('INFO', 'replication'), 'master_replid:' .. REPLID .. '\r', 1, true) ~= nil
end

-- Whether a recovery under this epoch has closed the shard, and no other one since.
local function being_opened(key)
  local values = redis.call('HMGET', key, 'epoch', 'open')
  return same_redis() and values[1] == EPOCH and values[2] == '0'
end

-- The origin shows that these data have stayed in one process since the opening. Its value alone would be the same in every copy; but
-- a text put together by APPEND is encoded `raw`, and as `embstr` in a Redis that loaded it from a file or from another Redis.
local ORIGIN = EPOCH .. ';'

local function mark_origin(origin)
  redis.call('SET', origin, EPOCH)
  redis.call('APPEND', origin, ';')
end

-- A master gets another replication id when its first replica attaches, and an hour after the last one has left: nothing was
-- exchanged. It is still the master, follows no other master's history, and its data are those of the opening.
local function same_data(origin)
  if same_redis() then
    return true
  end
  local info = redis.call('INFO', 'replication')
  return string.find(info, 'role:master\r', 1, true) ~= nil
    and string.find(info, 'master_replid2:' .. string.rep('0', 40) .. '\r', 1, true) ~= nil
    and redis.pcall('GET', origin) == ORIGIN
    and redis.call('OBJECT', 'ENCODING', origin) == 'raw'
end

local function open_opening(key, origin)
  local values = redis.pcall('HMGET', key, 'epoch', 'open', 'seq', 'batch', 'clock', 'kept_bytes')
  if values.err or values[1] ~= EPOCH or values[2] ~= EPOCH or not same_data(origin) then
    return nil
  end
  -- without them ids would be used twice, and the projection would skip a frame with a known id as a second copy
  local seq, batch = tonumber(values[3] or ''), tonumber(values[4] or '')
  if not seq or not batch then
    return nil
  end
  local seconds = redis.call('TIME')
  local time = seconds[1] * 1000 + math.floor(seconds[2] / 1000)
  -- a clock that steps back must not move shard time: windows and deadlines would pass twice
  local now = math.max(time, tonumber(values[5]) or 0)
  return {
    key = key,
    time = time,
    now = now,
    now_text = string.format('%.0f', now),
    seq = seq,
    batch = batch,
    moved = 0,
    kept_bytes = tonumber(values[6]) or 0,
    buckets = {},
    dirty = {},
  }
end

local function save_opening(opening)
  local dirty = opening.dirty
  if #dirty == 0 then
    return
  end
  dirty[#dirty + 1] = 'clock'
  dirty[#dirty + 1] = opening.now_text
  redis.call('HSET', opening.key, unpack(dirty))
end

local function mark(opening, field, value)
  local dirty = opening.dirty
  dirty[#dirty + 1] = field
  dirty[#dirty + 1] = value
end
