--[[
  purpose: hashes as recovery writes them, folded from decisions
  KEYS:    the hashes, from an index that the caller gives
  Returns: write_folded(from, text) -> how many hashes there are more; text: JSON, for each hash a list of field, delta, ..., a list of
           field, value, ... and, where there are some, a list of fields to remove, all strings; all empty = delete
]]
local function write_fields(key, list)
  for first = 1, #list, 4000 do
    redis.call('HSET', key, unpack(list, first, math.min(first + 3999, #list)))
  end
end

local function write_folded(from, text)
  local new = 0
  for i, hash in ipairs(cjson.decode(text)) do
    local key = KEYS[from + i - 1]
    local sums, values, removed = hash[1], hash[2], hash[3] or {}
    local before = redis.call('EXISTS', key)
    if #sums + #values + #removed == 0 then
      redis.call('UNLINK', key)
    elseif before == 0 then
      write_fields(key, sums)
      write_fields(key, values)
    else
      for at = 1, #sums, 2 do
        redis.call('HINCRBY', key, sums[at], sums[at + 1])
      end
      write_fields(key, values)
    end
    for first = 1, #removed, 4000 do
      redis.call('HDEL', key, unpack(removed, first, math.min(first + 3999, #removed)))
    end
    -- removing the last field removes the hash
    new = new + redis.call('EXISTS', key) - before
  end
  return new
end
