--[[
  purpose: causes that are records (an order, a streak, a prerequisite, a doubler): a decision that rests on one whose own
           frame is not journaled yet waits for it, so that its effect never stands before it in the journal
  KEYS:    2 outbox
  Returns: RECORDS, what records of a user's hash look like: a head, and items that follow it, each behind a comma;
           head_of(value, kind) -> the head's values; is_record(value, kind); read_record(terms, field, kind);
           records_are_readable(terms, values); waits_for(frame, id) -> true when the frame `<epoch>-<batch>` is still in the
           outbox, or is this very one
]]
local RECORDS = {
  completion = { head = '^(%d+%-%d+)$' },
  -- latest day, length of the row that ends with it; by field the amount given beyond what was due
  streak = { head = '^(%d+);(%d+);(%d+%-%d+)$', item = '^(%S+) (%d+)$' },
  -- cards, each with its end, factor, activities, frame and sequence
  doubler = { head = '^(%d+);(%d+);([^;]*);(%d+%-%d+);%d+$', item = '^%d+;%d+;[^;]*;%d+%-%d+;%d+$' },
  -- losing spins in all; of each prize that was won: tier, prize, losing spins until then
  losses = { head = '^(%d+);(%d+%-%d+)$', item = '^(%d+):([^:]+):(%d+)$' },
  kept = { head = '^(%d+);(%d+)$' },
  -- a spin whose prize is not known yet: frame, sequence, its digits, number before, picked prize, level, daily chances left
  drawn = { head = '^(%d+%-%d+);(%d+);(%x+);(%x*);([^;]+);(%d+);(%d*)$' },
  -- rights that are not given back, and the frame of the latest revocation
  owed = { head = '^(%d+);(%d+%-%d+)$' },
  -- what has expired and is not counted as taken back, what adjustments have counted of it, the newest decision whose gift it was,
  -- and the frame of the latest change
  expired = { head = '^(%d+);(%d+);(%d+%-%d+);(%d+%-%d+)$' },
}

-- The values of a record's head; nil without a record, as most users have none.
local function head_of(value, kind)
  if not value or value == '' then
    return nil
  end
  return string.match(string.match(value, '^[^,]*'), kind.head)
end

-- Notes that the terms read a record.
local function read_record(terms, field, kind)
  terms.fields[#terms.fields + 1] = field
  terms.records[#terms.records + 1] = { field = field, kind = RECORDS[kind] }
end

-- Whether a field holds a record, or nothing.
local function is_record(value, kind)
  if not value or value == '' then
    return true
  end
  local head, items = string.match(value, '^([^,]*)(.*)$')
  if not string.find(head, kind.head) then
    return false
  end
  for item in string.gmatch(items, ',([^,]*)') do
    if not (kind.item and string.find(item, kind.item)) then
      return false
    end
  end
  return true
end

-- A field that exists must hold a record, or be emptied by a revocation: a damaged one is never read as "no streak yet".
local function records_are_readable(terms, values)
  for i = 1, #terms.records do
    if not is_record(values[terms.records[i].field], terms.records[i].kind) then
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
