--[[
  purpose: step 1, the same key of the same user gets the same answer and no new effect
  KEYS:    the user's hash; 2 outbox
  Returns: replay(frame, values, key, hash) -> the reply, or nil when the key decided nothing yet; replay_with_record(frame,
           user_index, values, key, hash) reads the record of an order or a win too; replay_frame(frame, id) -> whether it is
           still in the outbox, and then hands it out; outbox_entry(id) -> its fields; record_field(type, entity)
]]
local function outbox_entry(id)
  local entry = redis.pcall('XRANGE', KEYS[2], id, id)
  if entry.err or #entry == 0 then
    return nil
  end
  return entry[1][2]
end

-- Returns a frame that is still in the outbox, once a batch: the caller publishes it and waits, as for a new frame.
local function replay_frame(frame, id)
  if frame.seen[id] == nil then
    local fields = outbox_entry(id)
    frame.seen[id] = fields ~= nil
    if fields then
      local replayed = frame.replayed
      replayed[#replayed + 1] = id
      replayed[#replayed + 1] = fields[2]
      replayed[#replayed + 1] = fields[6]
    end
  end
  return frame.seen[id]
end

-- Orders and wins have records of their own in the user's hash.
local function record_field(type_name, entity)
  return (string.sub(type_name, 1, 6) == 'order.' and 'o:' or 'w:') .. entity
end

-- P: a decision of an earlier batch; S: of this batch, so its frame is the new one.
local function replay(frame, values, key, hash)
  local decided = values[key]
  if not decided then
    return nil
  end
  local known, epoch, tail = string.match(decided, '^([^;]*);(%d+);(.*)$')
  local batch, type_name, entity = string.match(tail or '', '^%d+;(%d+);([^;]*);%d+;([^;]*)')
  if not batch then
    return 'X;' .. key
  end
  if hash ~= '' and known ~= hash then
    return 'R;KEY_REUSED'
  end
  local field = entity ~= '' and record_field(type_name, entity)
  if field and values[field] == false then
    return 'X;' .. field
  end
  local id = epoch .. '-' .. batch
  local mine = id == frame.id
  if not mine and epoch == EPOCH then
    replay_frame(frame, id)
  end
  local record = field and values[field] or ''
  return (mine and 'S;' or 'P;') .. epoch .. ';' .. tail .. '\n' .. record, field
end

-- A replayed order or win needs its record too, which the first read does not name.
local function replay_with_record(frame, user_index, values, key, hash)
  local reply, field = replay(frame, values, key, hash)
  if reply and field then
    fetch(user_index, field)
    return replay(frame, values, key, hash)
  end
  return reply
end
