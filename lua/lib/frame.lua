--[[
  purpose: collects the accepted decisions of one batch and writes them, with all their effects, as one frame
  KEYS:    2 outbox
  Returns: new_frame(opening); next_sequence(frame) -> text; share(frame, json) -> member that stands for it; give(frame, key,
           field, delta); note_decision(frame, json); answer(frame, decision) -> replay record and reply; decide(frame, user,
           decision) does both and writes the replay record -> reply; write_frame(frame) -> frame id, frame, gives ('' when
           none); RING; ring_field(nth)
]]
-- A user's newest decisions are found by their number: the replay field of the nth stands in one of the ring's fields. Postgres may
-- lack only decisions of this epoch, so recovery writes none of these fields, and no comparison reads them.
local RING = 256
local RING_FIELDS = {}

local function ring_field(nth)
  local place = nth % RING
  local field = RING_FIELDS[place]
  if not field then
    field = 'q:' .. place
    RING_FIELDS[place] = field
  end
  return field
end

local function new_frame(opening)
  local batch = text(opening.batch + 1)
  return {
    opening = opening,
    batch = batch,
    id = EPOCH .. '-' .. batch,
    first = opening.seq,
    shared = {},
    -- JSON texts, and their number: counting a list takes a search
    decisions = {},
    count = 0,
    counted = false,
    next_sequence = false,
    gives = {},
    replayed = {},
    -- by commands/remove: hashes by index, and fields
    removals = false,
    seen = {},
    after = {},
  }
end

-- Notes what a decision gives; it becomes usable when its frame is settled.
local function give(frame, key, field, delta)
  frame.gives[#frame.gives + 1] = '["' .. key .. '",' .. quoted(field) .. ',' .. text(delta) .. ']'
end

-- The sequence that the next decision of this frame gets, as text.
local function next_sequence(frame)
  if frame.counted ~= frame.count then
    frame.counted = frame.count
    frame.next_sequence = text(frame.first + frame.count + 1)
  end
  return frame.next_sequence
end

-- Puts a text that many decisions of this frame share into it once; they name it by `"as":<number>`.
local function share(frame, json)
  local shared = frame.shared
  shared[#shared + 1] = json
  return ',"as":' .. (#shared - 1)
end

-- The text around the sequence that replay records and replies of one type share in this frame.
local AFTER_HASH = ';' .. EPOCH .. ';'

local function after_sequence(frame, type_name)
  local known = frame.after[type_name]
  if not known then
    known = ';' .. frame.batch .. ';' .. type_name .. ';' .. frame.opening.now_text .. ';'
    frame.after[type_name] = known
  end
  return known
end

-- Notes the JSON text of a decision.
local function note_decision(frame, json)
  local count = frame.count + 1
  frame.count = count
  frame.decisions[count] = json
end

-- Returns the replay record of a decision, hash;epoch;sequence;batch;type;at;entity;report, and the reply.
local function answer(frame, decision)
  local seq, entity, report = decision.seq, decision.entity, decision.report
  local after = after_sequence(frame, decision.type)
  return decision.hash .. AFTER_HASH .. seq .. after .. entity .. ';' .. report,
    'A' .. AFTER_HASH .. seq .. after .. entity .. ';' .. report .. '\n' .. decision.record
end

-- Notes a decision and writes its replay record to the user; `head` is the caller's JSON text, `rest` that of the command's script.
local function decide(frame, user, decision)
  note_decision(frame, '{"seq":' .. decision.seq .. ',' .. decision.head .. decision.rest .. '}')
  local replay_record, reply = answer(frame, decision)
  put(user, decision.key, replay_record)
  add(user, 'd', 1)
  put(user, ring_field(user.values.d), decision.key)
  return reply
end

-- The payload is built in one expression, because Lua hashes each string that it makes from its first byte to its last.
local function write_frame(frame)
  local opening = frame.opening
  local decisions = frame.decisions
  local count = frame.count
  if count == 0 then
    return '', '', ''
  end
  decisions[1] = '{"v":1,"shard":'
    .. SHARD
    .. ',"epoch":'
    .. EPOCH
    .. ',"batch":'
    .. frame.batch
    .. ',"at":'
    .. opening.now_text
    .. ',"shared":['
    .. table.concat(frame.shared, ',')
    .. '],"decisions":['
    .. decisions[1]
  decisions[count] = decisions[count] .. ']}'
  local payload = table.concat(decisions, ',')
  local gives = #frame.gives > 0 and '[' .. table.concat(frame.gives, ',') .. ']' or ''
  redis.call('XADD', KEYS[2], frame.id, 'f', payload, 't', opening.now_text, 'g', gives)
  write_hashes()
  for _, removal in ipairs(frame.removals or {}) do
    if removal[2] == '' then
      redis.call('UNLINK', KEYS[removal[1]])
    else
      redis.call('HDEL', KEYS[removal[1]], removal[2])
    end
  end
  mark(opening, 'seq', text(opening.seq + count))
  mark(opening, 'batch', frame.batch)
  return frame.id, payload, gives
end
