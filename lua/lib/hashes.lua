--[[
  purpose: hashes as recovery writes them, folded from decisions
  KEYS:    the hashes, from an index that the caller gives
  Returns: write_folded(from, text) -> how many of the hashes are new; text: JSON, for each hash a list of field, delta, ... and a list
           of field, value, ..., all strings; both empty = delete
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
    local sums, values = hash[1], hash[2]
    if #sums + #values == 0 then
      redis.call('UNLINK', key)
    elseif redis.call('EXISTS', key) == 0 then
      new = new + 1
      write_fields(key, sums)
      write_fields(key, values)
    else
      for at = 1, #sums, 2 do
        redis.call('HINCRBY', key, sums[at], sums[at + 1])
      end
      write_fields(key, values)
    end
  end
  return new
end
