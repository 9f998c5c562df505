--[[
  purpose: what Postgres may lack of a user, or one item by its name; stored items are read from Postgres, so a read costs the same
           however long a user has been buying
  KEYS:    index of the user; 2 outbox, 3 kept
  FIELDS:  user index, what (o orders, w wins, d decisions), name (of one: `<epoch>-<sequence>`, a replay field; '' = all that
           decisions which are not known to be stored made or changed)
  Returns: L and what, then a line for each, newest decision first: `<epoch>-<sequence> <1 journaled | 0> <record>` of orders
           and wins, `<1 | 0> <a frame with this decision alone>` of decisions; `L!` when more may wait than is looked at
]]
local CHUNK = 32
-- frames have up to 50 KB, and the command may search all of them
local MOST_BYTES = 512 * 1024

-- By frame: false when it is stored, or belongs to an earlier epoch, whose frames were all stored when this one was opened.
local places = {}

local function place_of_frame(epoch, batch)
  local id = epoch .. '-' .. batch
  if places[id] == nil then
    local is_kept = epoch == EPOCH and redis.pcall('HEXISTS', KEYS[3], id) == 1
    places[id] = is_kept and 'kept' or (epoch == EPOCH and outbox_entry(id) and 'outbox') or false
  end
  return places[id]
end

local RECORD_OF_REPLAY = '^[^;]*;(%d+);(%d+);(%d+);([^;]*);%d+;([^;]*)'

-- Adds the decision of a replay record to a list when Postgres may lack it; once, although the ring names a key that was used again twice.
local function note_waiting(found, record)
  local epoch, sequence, batch, type_name, entity = string.match(record or '', RECORD_OF_REPLAY)
  local place = epoch and not found[sequence] and place_of_frame(epoch, batch)
  if place then
    found[sequence] = true
    local field = entity ~= '' and record_field(type_name, entity)
    found[#found + 1] =
      { sequence = sequence, id = epoch .. '-' .. batch, place = place, field = field, entity = entity }
  end
end

-- The user's decisions from the nth down to the last, found by their places in the ring.
local function look_at(key, found, nth, last)
  local places_in_ring, names = {}, {}
  for i = nth, last, -1 do
    places_in_ring[#places_in_ring + 1] = ring_field(i)
  end
  local replay_fields = redis.call('HMGET', key, unpack(places_in_ring))
  for i = 1, #replay_fields do
    names[#names + 1] = replay_fields[i] or nil
  end
  local records = #names > 0 and redis.call('HMGET', key, unpack(names)) or {}
  for i = 1, #records do
    note_waiting(found, records[i])
  end
end

-- Newest first, until a whole step is stored. Nil for a key that is not readable; the second value is false when there may be
-- more.
local function waiting_decisions(key)
  local count = redis.pcall('HGET', key, 'd')
  local nth = type(count) ~= 'table' and natural(count)
  if not nth then
    return nil
  end
  local found, last = {}, math.max(1, nth - RING + 1)
  for from = nth, last, -CHUNK do
    local before = #found
    look_at(key, found, from, math.max(last, from - CHUNK + 1))
    if #found == before then
      return found, true
    end
  end
  return found, last == 1
end

local function record_lines(key, what, entities)
  local fields = {}
  for i = 1, #entities do
    fields[i] = what .. ':' .. entities[i]
  end
  local lines = { 'L' .. what }
  local records = #fields > 0 and redis.pcall('HMGET', key, unpack(fields)) or {}
  if records.err then
    return 'X;' .. key
  end
  for i = 1, #records do
    local record = records[i]
    if record then
      local epoch, batch = string.match(record, '^%a;(%d+)%-(%d+);')
      local waits = epoch and place_of_frame(epoch, batch) == 'outbox'
      lines[#lines + 1] = entities[i] .. ' ' .. (waits and '0' or '1') .. ' ' .. record
    end
  end
  return table.concat(lines, '\n')
end

local function changed_entities(what, found)
  local entities, seen = {}, {}
  for i = 1, #found do
    local field, entity = found[i].field, found[i].entity
    if field and string.sub(field, 1, 1) == what and not seen[entity] then
      entities[#entities + 1], seen[entity] = entity, true
    end
  end
  return entities
end

-- The frame with only one of its decisions: decisions stand in the order of their sequences, each after its user.
local function cut_frame(payload, sequence, user)
  local _, head = string.find(payload, '"decisions":[', 1, true)
  local from = head and string.find(payload, '{"seq":' .. sequence .. ',"user":"' .. user .. '"', head, true)
  if not from then
    return nil
  end
  local next_one = string.find(payload, ',{"seq":' .. text(tonumber(sequence) + 1) .. ',"user":"', from, true)
  return string.sub(payload, 1, head) .. string.sub(payload, from, next_one and next_one - 1 or -3) .. ']}'
end

local function decision_lines(key, user, found)
  local lines, payloads, bytes = { 'Ld' }, {}, 0
  for i = 1, #found do
    local decision = found[i]
    local id, journaled = decision.id, decision.place == 'kept'
    if not payloads[id] then
      payloads[id] = journaled and redis.call('HGET', KEYS[3], id) or outbox_entry(id)[2]
      bytes = bytes + #payloads[id]
    end
    local frame = cut_frame(payloads[id], decision.sequence, user)
    if not frame then
      return 'X;' .. key
    end
    bytes = bytes + #frame
    if bytes > MOST_BYTES and i > 1 then
      return 'L!'
    end
    lines[i + 1] = (journaled and '1 ' or '0 ') .. frame
  end
  return table.concat(lines, '\n')
end

local function list(at)
  local fields, after = take_fields(at, 3)
  local user_index, what, name = tonumber(fields[1]), fields[2], fields[3]
  local key = KEYS[user_index]
  if name ~= '' and what ~= 'd' then
    return record_lines(key, what, { name }), after
  end
  local found, complete = {}, true
  if name == '' then
    found, complete = waiting_decisions(key)
  else
    local record = redis.pcall('HGET', key, name)
    found = type(record) ~= 'table' and found or nil
    note_waiting(found or {}, found and record)
  end
  if not found then
    return 'X;' .. key, after
  end
  if not complete then
    return 'L!', after
  end
  if what ~= 'd' then
    return record_lines(key, what, changed_entities(what, found)), after
  end
  return decision_lines(key, string.sub(logical(user_index), 3), found), after
end
