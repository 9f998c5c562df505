--[[
  purpose: hashes as this batch sees them: read once, changed in memory, written after all commands are decided. So the second
           command of a user or an item sees the first, and nothing is written while a command can still fail
  KEYS:    any hash of the batch, by index
  Returns: known_hash(key); note_writes(list); fetch(index, fields...), fetch_fields(index, field, list) -> table of values or
           nil when the key is corrupt; put, add; write_hashes; logical(index) -> the key as definitions and decisions name it
]]
local function logical(index)
  return string.sub(KEYS[index], #PREFIX + 1)
end

-- By key, and in the order in which they were first used: either { key, values, dirty, writes } or `writes` alone.
local hashes = {}
local hash_order = {}
local hash_count = 0

local function note_hash(key, hash)
  hashes[key] = hash
  hash_count = hash_count + 1
  hash_order[hash_count] = hash
end

-- `writes` is the arguments of an HSET, `key, field, value, ...`, for a user with one decision in this batch. It stays a list
-- unless another command uses the same user. Fields that it does not name are as Redis has them.
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

-- The usual case: the first use of a hash in this batch, without a look at known hashes.
local function first_fetch(key, ...)
  local read = redis.pcall('HMGET', key, ...)
  if read.err then
    return nil
  end
  local values, names = {}, { ... }
  for i = 1, #names do
    values[names[i]] = read[i]
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
  -- `select` would copy all names for each of them
  local values, names, missing, count = hash.values, { ... }, {}, 0
  for i = 1, #names do
    if values[names[i]] == nil then
      count = count + 1
      missing[count] = names[i]
    end
  end
  if count > 0 then
    local read = redis.pcall('HMGET', key, unpack(missing))
    if read.err then
      return nil
    end
    for i = 1, count do
      values[missing[i]] = read[i]
    end
  end
  return values, hash
end

-- As fetch, for one field and those of a list of at least seven, which is made once for all commands of a batch. Values that are
-- read are not kept: the hash is nil unless an earlier command of this batch used it, and `note_writes` notes the changes.
local function fetch_fields(index, field, list)
  local key = KEYS[index]
  if known_hash(key) then
    return fetch(index, field, unpack(list))
  end
  local read = redis.pcall('HMGET', key, field, unpack(list))
  if read.err then
    return nil
  end
  -- a table made with eight places does not have to grow three times
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

-- Only for fields that were fetched before; the caller has checked that they hold numbers. Sums stay numbers until they are
-- written, so a stock that changes a hundred times in a batch is formatted once.
local function add(hash, field, delta)
  put(hash, field, (tonumber(hash.values[field]) or 0) + delta)
end

-- `writes`: the list as it was first noted; `dirty`: fields changed after that.
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
  -- Lua's stack bounds unpack (about 8,000): only adjustments can change more fields of one hash in a batch
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
