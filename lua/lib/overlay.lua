--[[
  purpose: hashes as this batch sees them: read once, changed in memory, written after every command is decided, so that
           the second command of a user or an item sees the first and nothing is written before nothing can fail
  KEYS:    any hash of the batch, by index
  Returns: fetch(index, fields...) -> table of values or nil when the key is corrupt; put, add; write_hashes
]]
local hashes = {}
local hash_order = {}

-- The usual case, one user once in a batch, without a look at what is known already.
local function first_fetch(key, ...)
  local read = redis.pcall('HMGET', key, ...)
  if read.err then
    return nil
  end
  local values = {}
  for i = 1, #read do
    values[select(i, ...)] = read[i]
  end
  local hash = { key = key, values = values, dirty = {} }
  hashes[key] = hash
  hash_order[#hash_order + 1] = hash
  return values, hash
end

local function fetch(index, ...)
  local key = KEYS[index]
  local hash = hashes[key]
  if not hash then
    return first_fetch(key, ...)
  end
  local values = hash.values
  local missing = {}
  for i = 1, select('#', ...) do
    local field = select(i, ...)
    if values[field] == nil then
      missing[#missing + 1] = field
    end
  end
  if #missing > 0 then
    local read = redis.pcall('HMGET', key, unpack(missing))
    if read.err then
      return nil
    end
    for i = 1, #missing do
      values[missing[i]] = read[i]
    end
  end
  return values, hash
end

local function put(hash, field, value)
  hash.values[field] = value
  hash.dirty[field] = true
end

-- Only fields that were fetched before may be added to; the caller has checked that they hold numbers.
local function add(hash, field, delta)
  put(hash, field, text((tonumber(hash.values[field]) or 0) + delta))
end

-- A value that must be a whole number; nil when it is something else. An absent counter is 0.
local function whole(value)
  if not value then
    return 0
  end
  local number = tonumber(value)
  if not number or number % 1 ~= 0 then
    return nil
  end
  return number
end

local function write_hashes()
  for i = 1, #hash_order do
    local hash = hash_order[i]
    local arguments = {}
    for field in pairs(hash.dirty) do
      arguments[#arguments + 1] = field
      arguments[#arguments + 1] = hash.values[field]
    end
    -- unpack is bounded by Lua's stack (about 8,000): a batch can touch more fields of one hash only by adjustments
    for from = 1, #arguments, 4000 do
      redis.call('HSET', hash.key, unpack(arguments, from, math.min(from + 3999, #arguments)))
    end
  end
end
