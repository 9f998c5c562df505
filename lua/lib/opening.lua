--[[
  purpose: the shard's own hash and the check that this very opening may still write
  KEYS:    the shard hash, given by the caller
  Returns: open_opening -> table or nil when closed; save_opening writes what changed
]]
-- A Redis exchanged behind our back (promoted, restarted on an old file) keeps its script cache in a full resync but
-- has another replication id, so a script of this opening must not decide there.
local function same_redis()
  return string.find(redis.call('INFO', 'replication'), 'master_replid:' .. REPLID .. '\r', 1, true) ~= nil
end

local function open_opening(key)
  local values = redis.pcall('HMGET', key, 'epoch', 'open', 'seq', 'batch', 'clock', 'kept_bytes')
  if values.err or values[1] ~= EPOCH or values[2] ~= EPOCH or not same_redis() then
    return nil
  end
  -- without them ids would come again, and a frame with a known id is skipped as a second copy
  local seq, batch = tonumber(values[3] or ''), tonumber(values[4] or '')
  if not seq or not batch then
    return nil
  end
  local seconds = redis.call('TIME')
  local time = seconds[1] * 1000 + math.floor(seconds[2] / 1000)
  -- a clock stepped back must not move shard time: windows and deadlines would run twice
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

-- Whole numbers go out as text, without the exponent that Lua would write from 1e15 on. Formatting costs 0.25 us (0.45 with
-- %.0f), as much as five table accesses, so small numbers are remembered and large ones are formatted once a command.
local SMALL = {}

local function text(value)
  local known = SMALL[value]
  if not known then
    known = string.format('%d', value)
    if value < 100 then
      SMALL[value] = known
    end
  end
  return known
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
