--[[
  purpose: what is left of items, of an evenly released prize what is released, with Redis' own time and the opening: whoever drives loans sends under these
  KEYS:    2 outbox, index of every stock
  FIELDS:  number of items, [item index, item field]...
  Returns: `T;<epoch>;<time>;<batch of the oldest frame in the outbox, or ''>`, then a line for each item: units, '' where there is no such field
]]
local function look(at, frame)
  local count, item
  count, at = take_line(at)
  local oldest = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1]
  local time = string.format('%.0f', frame.opening.time)
  local lines = { 'T;' .. EPOCH .. ';' .. time .. ';' .. (oldest and string.match(oldest[1], '%d+$') or '') }
  for i = 1, tonumber(count) do
    item, at = take_fields(at, 2)
    local index, field = tonumber(item[1]), item[2]
    local units = lendable(index, field, frame.opening.now)
    if not units then
      return 'X;' .. KEYS[index], at
    end
    lines[i + 1] = fetch(index, field)[field] and text(units) or ''
  end
  return table.concat(lines, '\n'), at
end
