--[[
  purpose: units of an item on their way between shards: the one that lends takes at once what is left of those asked for, the one that
           receives gives them once journaled; both change total and remaining alike
  KEYS:    5 elsewhere, index of the user whose replay record it is ($system), index of the stock
  FIELDS:  opening, not after (ms of Redis time), user index, key, hash, type, head, number of puts (0), number of adds (1), stock index,
           field, delta
  Returns: as adjust, which is included before it; U for another opening or a later time. What a shard lends is elsewhere from then on:
           its fact of the item is void
]]
local LOAN = '^' .. string.rep('[^\n]*\n', 7) .. '(%d+)\n([^\n]*)\n(%-?)[^\n]*\n()'

local function move_units(at, frame)
  local fields, from = take_fields(at, 2)
  local index, field, lends, after = string.match(COMMANDS_TEXT, LOAN, from)
  if fields[1] ~= EPOCH or frame.opening.time > tonumber(fields[2]) then
    return 'U', after
  end
  local item = item_of(tonumber(index), field)
  local facts, hash = fetch(5, item)
  if not facts then
    return 'X;' .. KEYS[5], after
  end
  local reply = adjust(from, frame)
  if lends == '-' and string.sub(reply, 1, 1) == 'A' then
    put(hash, item, '-;' .. string.format('%.0f', frame.opening.time))
  end
  return reply, after
end
