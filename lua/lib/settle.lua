--[[
  purpose: moves a journaled frame from the outbox to kept and applies what its decisions give, once
  KEYS:    1 shard, 2 outbox, 3 kept, and every hash that the frame's gives name
  Returns: settle_frame(id, opening) -> true when the frame is settled now or was before
]]
local passed_keys

-- Made once for all frames of a call, which are up to 64 with 400 keys.
local function is_passed(key)
  if not passed_keys then
    passed_keys = {}
    for i = 5, #KEYS do
      passed_keys[KEYS[i]] = true
    end
  end
  return passed_keys[key]
end

-- gives: JSON list of [key, field, delta]
local function apply_gives(gives)
  for i = 1, #gives do
    local key, field = gives[i][1], gives[i][2]
    if not is_passed(key) then
      return false
    end
    -- a field that does not exist yet counts from 0
    local value = redis.pcall('HGET', key, field)
    if (type(value) == 'table' and value.err) or not whole(value) then
      return false
    end
  end
  for i = 1, #gives do
    redis.call('HINCRBY', gives[i][1], gives[i][2], gives[i][3])
  end
  return true
end

-- A frame whose gives name a hash that the caller did not pass stays in the outbox: the relay passes that hash.
local function settle_frame(id, opening)
  local entry = redis.pcall('XRANGE', KEYS[2], id, id)
  if entry.err or #entry == 0 then
    return not entry.err
  end
  local fields = entry[1][2]
  if fields[6] ~= '' and not apply_gives(cjson.decode(fields[6])) then
    return false
  end
  redis.call('HSET', KEYS[3], id, fields[2])
  redis.call('XDEL', KEYS[2], id)
  opening.moved = opening.moved + 1
  opening.kept_bytes = opening.kept_bytes + #fields[2]
  mark(opening, 'kept_bytes', text(opening.kept_bytes))
  return true
end
