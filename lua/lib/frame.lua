--[[
  purpose: collects the accepted decisions of one batch and writes them, with all their effects, as one frame
  KEYS:    2 outbox
  Returns: new_frame; decide(frame, ...) notes one decision; write_frame -> frame id, frame, gives ('' when none)
]]
local function new_frame(opening)
  return {
    opening = opening,
    id = EPOCH .. '-' .. (opening.batch + 1),
    first = opening.seq,
    decisions = {},
    gives = {},
    replayed = {},
    seen = {},
  }
end

-- A named part of a decision's JSON; nothing for an empty table, which cjson could only write as an object by luck.
local function json_part(name, parts)
  return next(parts) and ',"' .. name .. '":' .. cjson.encode(parts) or ''
end

-- What a decision gives is noted here and becomes usable when its frame is settled.
local function give(frame, key, field, delta)
  frame.gives[#frame.gives + 1] = { key, field, delta }
end

-- The sequence that the next decision of this frame will have.
local function next_sequence(frame)
  return frame.first + #frame.decisions + 1
end

-- Notes a decision: `head` is the caller's JSON text, `rest` ours; leaves the replay record with the user.
-- Replay record: hash;epoch;sequence;batch;type;at;entity;report
local function decide(frame, user, decision)
  local seq = next_sequence(frame)
  local opening = frame.opening
  frame.decisions[#frame.decisions + 1] = '{"seq":'
    .. seq
    .. ',"type":"'
    .. decision.type
    .. '",'
    .. decision.head
    .. decision.rest
    .. '}'
  local tail = seq .. ';' .. (opening.batch + 1) .. ';' .. decision.type .. ';' .. opening.now .. ';' .. decision.entity
  put(user, decision.key, decision.hash .. ';' .. EPOCH .. ';' .. tail .. ';' .. decision.report)
  add(user, 'd', 1)
  return 'A;' .. EPOCH .. ';' .. tail .. ';' .. decision.report .. '\n' .. decision.record
end

local function write_frame(frame)
  local opening = frame.opening
  local count = #frame.decisions
  if count == 0 then
    return '', '', ''
  end
  local payload = '{"v":1,"shard":'
    .. SHARD
    .. ',"epoch":'
    .. EPOCH
    .. ',"batch":'
    .. (opening.batch + 1)
    .. ',"at":'
    .. text(opening.now)
    .. ',"decisions":['
    .. table.concat(frame.decisions, ',')
    .. ']}'
  local gives = #frame.gives > 0 and cjson.encode(frame.gives) or ''
  redis.call('XADD', KEYS[2], frame.id, 'f', payload, 't', text(opening.now), 'g', gives)
  write_hashes()
  mark(opening, 'seq', text(opening.seq + count))
  mark(opening, 'batch', text(opening.batch + 1))
  return frame.id, payload, gives
end
