--[[
  purpose: what is left of items, of an evenly released prize what is released, with Redis' own time and the opening: whoever drives loans sends under these; and
           the last frame and decision before this call
  KEYS:    2 outbox, index of every stock
  FIELDS:  number of items, [item index, item field]...
  Returns: `T;<epoch>;<time>;<batch of the oldest frame in the outbox, or ''>;<last batch>;<last sequence>`, then a line for each item: units, '' where there
           is no such field, X where it is not readable
]]
local function look(at, frame)
  local count, item
  count, at = take_line(at)
  local oldest = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1]
  local time = string.format('%.0f', frame.opening.time)
  local waiting = oldest and string.match(oldest[1], '%d+$') or ''
  local last = text(frame.opening.batch) .. ';' .. text(frame.opening.seq)
  local lines = { 'T;' .. EPOCH .. ';' .. time .. ';' .. waiting .. ';' .. last }
  for i = 1, tonumber(count) do
    item, at = take_fields(at, 2)
    local index, field = tonumber(item[1]), item[2]
    local units = lendable(index, field, frame.opening.now)
    -- one that is not readable spoils no other item's answer
    lines[i + 1] = not units and 'X' or fetch(index, field)[field] and text(units) or ''
  end
  return table.concat(lines, '\n'), at
end
