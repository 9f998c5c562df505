--[[
  purpose: causes that are records (an order, a streak, a prerequisite, a doubler): a decision that rests on one whose own
           frame is not journaled yet waits for it, so that its effect never stands before it in the journal
  KEYS:    2 outbox
  Returns: RECORDS, what records of a user's hash look like; read_record(part, field, kind); records_are_readable(part,
           values); waits_for(frame, id) -> true when the frame `<epoch>-<batch>` is still in the outbox, or is this very one
]]
local RECORDS = {
  completion = '^(%d+%-%d+)$',
  streak = '^(%d+);(%d+);(%d+%-%d+)$',
  doubler = '^(%d+);(%d+);([^;]*);(%d+%-%d+);%d+$',
  losses = '^(%d+);(%d+%-%d+)$',
  kept = '^(%d+);(%d+)$',
}

-- Notes that a part looks at a record.
local function read_record(part, field, kind)
  part.fields[#part.fields + 1] = field
  part.records[#part.records + 1] = { field = field, pattern = RECORDS[kind] }
end

-- One that is there must be one, or be emptied by a revocation: rubbish is never "no streak yet".
local function records_are_readable(part, values)
  for i = 1, #part.records do
    local value = values[part.records[i].field]
    if value and value ~= '' and not string.find(value, part.records[i].pattern) then
      return false
    end
  end
  return true
end

local function waits_for(frame, id)
  if id == frame.id then
    return true
  end
  return string.sub(id, 1, #EPOCH + 1) == EPOCH .. '-' and replay_frame(frame, id)
end
