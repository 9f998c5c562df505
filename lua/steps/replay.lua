--[[
  purpose: step 1, the same key of the same user gets the same answer and no new effect
  KEYS:    the user's hash; 2 outbox
  Returns: replay(frame, values, key, hash) -> the reply, or nil when the key decided nothing yet
]]
local function outbox_entry(id)
  local entry = redis.pcall('XRANGE', KEYS[2], id, id)
  if entry.err or #entry == 0 then
    return nil
  end
  return entry[1][2]
end

-- Hands out a frame that is still in the outbox, once a batch: whoever answers publishes it and waits, like the first time.
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

-- P: a decision of an earlier batch; S: of this very batch, so that its frame is the new one.
local function replay(frame, values, key, hash)
  local record = values[key]
  if not record then
    return nil
  end
  local known, epoch, tail = string.match(record, '^([^;]*);(%d+);(.*)$')
  local batch, entity = string.match(tail or '', '^%d+;(%d+);[^;]*;%d+;([^;]*)')
  if not batch then
    return 'X;' .. key
  end
  if hash ~= '' and known ~= hash then
    return 'R;KEY_REUSED'
  end
  if entity ~= '' and values['o:' .. entity] == false then
    return 'X;o:' .. entity
  end
  local id = epoch .. '-' .. batch
  local mine = id == frame.id
  if not mine and epoch == EPOCH then
    replay_frame(frame, id)
  end
  local order = entity ~= '' and values['o:' .. entity] or ''
  return (mine and 'S;' or 'P;') .. epoch .. ';' .. tail .. '\n' .. (order or ''), entity, id
end

-- A replayed order needs its record too, which the first read does not name.
local function replay_with_order(frame, user_index, values, key, hash)
  local reply, entity = replay(frame, values, key, hash)
  if reply and entity and entity ~= '' then
    fetch(user_index, 'o:' .. entity)
    return replay(frame, values, key, hash)
  end
  return reply
end
