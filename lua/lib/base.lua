--[[
  purpose: the base, by which recovery tells whether the data of this Redis are a prefix of the truth. It is a key of its own, so that
           whatever deletes the shard's keys (a version that knows no base, too) deletes it with them
  KEYS:    the base, given by the caller
  Returns: read_base(key) -> `<epoch>;<token>;<layout>` of the opening that the data belong to, and the epoch of the last recovery
           that closed the shard, both text; nil without a base. write_base(key, id)
]]
local function read_base(key)
  local found = redis.pcall('GET', key)
  if type(found) ~= 'string' then
    return nil
  end
  return string.match(found, '^(%d+;%w*;%d+);(%d+)$')
end

local function write_base(key, id)
  redis.call('SET', key, id .. ';' .. EPOCH)
end
