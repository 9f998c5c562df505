--[[
  purpose: the orders of a user, each with whether the frame that changed it last is journaled
  KEYS:    index of the user; 2 outbox
  FIELDS:  user index
  Returns: O, then a line `<epoch>-<sequence> <1 journaled | 0> <record>` for each order
]]
local function journaled(frame, record)
  local id = string.match(record, '^%a;(%d+%-%d+);')
  if not id or string.sub(id, 1, #EPOCH + 1) ~= EPOCH .. '-' then
    return '1'
  end
  if frame.seen[id] == nil and outbox_entry(id) then
    return '0'
  end
  return frame.seen[id] and '0' or '1'
end

local function list_orders(at, frame)
  local key = KEYS[tonumber(FIELDS[at])]
  local all = redis.pcall('HGETALL', key)
  if all.err then
    return 'X;' .. key, at + 1
  end
  local lines = { 'O' }
  for i = 1, #all, 2 do
    local entity = string.match(all[i], '^o:(%d+%-%d+)$')
    if entity then
      lines[#lines + 1] = entity .. ' ' .. journaled(frame, all[i + 1]) .. ' ' .. all[i + 1]
    end
  end
  return table.concat(lines, '\n'), at + 1
end
