--[[
  purpose: hashes as this batch sees them: read once, changed in memory, written after every command is decided, so that
           the second command of a user or an item sees the first and nothing is written before nothing can fail
  KEYS:    any hash of the batch, by index
  Returns: known_hash(key); note_writes(list); fetch(index, fields...), fetch_fields(index, field, list) -> table of values or
           nil when the key is corrupt; put, add; write_hashes; logical(index) -> the key as definitions and decisions name it
]]
local function logical(index)
  return string.sub(KEYS[index], #PREFIX + 1)
end

-- By key, and in the order in which they were first noted: either { key, values, dirty, writes } or `writes` alone.
local hashes = {}
local hash_order = {}
local hash_count = 0

local function note_hash(key, hash)
  hashes[key] = hash
  hash_count = hash_count + 1
  hash_order[hash_count] = hash
end

-- `writes` is the arguments of an HSET, `key, field, value, ...`, of a user who has one decision in this batch: no more is
-- made of it unless another command asks for the same user. Fields that it does not name are as Redis has them.
local function note_writes(writes)
  note_hash(writes[1], writes)
end

local function known_hash(key)
  local hash = hashes[key]
  if not hash or hash.values then
    return hash
  end
  local values, writes = {}, {}
  for i = 2, #hash, 2 do
    values[hash[i]] = hash[i + 1]
  end
  for i = 1, #hash do
    writes[i], hash[i] = hash[i], nil
  end
  hash.key, hash.values, hash.dirty, hash.writes = key, values, {}, writes
  return hash
end

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
  note_hash(key, hash)
  return values, hash
end

local function fetch(index, ...)
  local key = KEYS[index]
  local hash = known_hash(key)
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

-- As fetch, for one field and those of a list of at least seven, which is made once for all commands of a batch. What is read
-- is not noted: the hash is nil unless an earlier command of this batch asked for it, and `note_writes` notes what changes.
local function fetch_fields(index, field, list)
  local key = KEYS[index]
  if known_hash(key) then
    return fetch(index, field, unpack(list))
  end
  local read = redis.pcall('HMGET', key, field, unpack(list))
  if read.err then
    return nil
  end
  -- a table that is made with eight places does not grow three times
  local values = {
    [field] = read[1],
    [list[1]] = read[2],
    [list[2]] = read[3],
    [list[3]] = read[4],
    [list[4]] = read[5],
    [list[5]] = read[6],
    [list[6]] = read[7],
    [list[7]] = read[8],
  }
  for i = 8, #list do
    values[list[i]] = read[i + 1]
  end
  return values
end

local function put(hash, field, value)
  hash.values[field] = value
  hash.dirty[field] = true
end

-- Only fields that were fetched before may be added to; the caller has checked that they hold numbers. Sums stay numbers
-- until they are written, so that a stock that moves a hundred times in a batch is formatted once.
local function add(hash, field, delta)
  put(hash, field, (tonumber(hash.values[field]) or 0) + delta)
end

-- `writes`: what was ready as it is; `dirty`: fields changed after that.
local function write_hash(hash)
  if hash.writes then
    redis.call('HSET', unpack(hash.writes))
  end
  local arguments = {}
  for field in pairs(hash.dirty) do
    local value = hash.values[field]
    arguments[#arguments + 1] = field
    arguments[#arguments + 1] = type(value) == 'number' and text(value) or value
  end
  -- unpack is bounded by Lua's stack (about 8,000): a batch can touch more fields of one hash only by adjustments
  for from = 1, #arguments, 4000 do
    redis.call('HSET', hash.key, unpack(arguments, from, math.min(from + 3999, #arguments)))
  end
end

local function write_hashes()
  for i = 1, hash_count do
    local hash = hash_order[i]
    if hash.values then
      write_hash(hash)
    else
      redis.call('HSET', unpack(hash))
    end
  end
end
