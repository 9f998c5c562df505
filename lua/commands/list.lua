--[[
  purpose: what a user's hash holds of one kind, each with whether the frame that changed it last is journaled
  KEYS:    index of the user; 2 outbox
  FIELDS:  user index, what: o (orders), w (wins) or d (decisions)
  Returns: L and what, then a line `<epoch>-<sequence> <1 journaled | 0> <record>` for each; a decision's record is that of
           its replay, without the hash
]]
local FIELD = { o = '^o:(%d+%-%d+)$', w = '^w:(%d+%-%d+)$', d = '^[ux]:' }

local function journaled(frame, id)
  if not id or string.sub(id, 1, #EPOCH + 1) ~= EPOCH .. '-' then
    return '1'
  end
  if frame.seen[id] == nil and outbox_entry(id) then
    return '0'
  end
  return frame.seen[id] and '0' or '1'
end

local function list_line(frame, what, field, record)
  local entity = string.match(field, FIELD[what])
  if not entity then
    return nil
  end
  if what ~= 'd' then
    return entity .. ' ' .. journaled(frame, string.match(record, '^%a;(%d+%-%d+);')) .. ' ' .. record
  end
  local epoch, sequence, batch, rest = string.match(record, '^[^;]*;(%d+);(%d+);(%d+);(.*)$')
  return epoch and epoch .. '-' .. sequence .. ' ' .. journaled(frame, epoch .. '-' .. batch) .. ' ' .. rest
end

local function list(at, frame)
  local fields, after = take_fields(at, 2)
  local key, what = KEYS[tonumber(fields[1])], fields[2]
  local all = redis.pcall('HGETALL', key)
  if all.err then
    return 'X;' .. key, after
  end
  local lines = { 'L' .. what }
  for i = 1, #all, 2 do
    lines[#lines + 1] = list_line(frame, what, all[i], all[i + 1])
  end
  return table.concat(lines, '\n'), after
end
