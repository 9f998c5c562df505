--[[
  purpose: units of an item on their way between shards: the one that lends takes at once what is left of those asked for, the one that
           receives gives them once journaled; both change total and remaining alike. Of an evenly released prize no more is lent than is
           released, and `lent` and `received` say how much of its total moved
  KEYS:    5 elsewhere, index of the user whose replay record it is ($system), index of the stock, behind that of its activity (a:)
  FIELDS:  opening, not after (ms of Redis time), user index, key, hash, type, head, number of puts (0), number of adds (1), stock index,
           field, delta
  Returns: as adjust, which is included before it; U for another opening or a later time. What a shard lends is elsewhere from then on:
           its fact of the item is void
]]
local function note_moved(index, prize, applied, frame, parts)
  local values, hash = fetch(index, prize.lent, prize.received)
  local field, units = applied > 0 and prize.received or prize.lent, math.abs(applied)
  values[field] = whole(values[field])
  if applied > 0 then
    give(frame, KEYS[index], field, units)
  else
    add(hash, field, units)
  end
  note_delta(parts, index, field, units)
end

local function lend_or_receive(change, frame)
  local index, field, delta = unpack(change.rest[1])
  local most, prize = lendable(index, field, frame.opening.now)
  if not most or read_adds(change.rest) then
    return 'X;' .. KEYS[index]
  end
  local parts = {}
  local applied = apply_add(index, field, math.max(tonumber(delta), -most), frame, parts)
  if prize and applied ~= 0 then
    note_moved(index, prize, applied, frame, parts)
  end
  return decide_change(frame, change, text(applied), json_part('add', parts))
end

local function move_units(at, frame)
  local fields, from = take_fields(at, 2)
  local change, after, reply = take_change(from, frame, take_triples)
  if fields[1] ~= EPOCH or frame.opening.time > tonumber(fields[2]) then
    return 'U', after
  end
  if not change then
    return reply, after
  end
  if is_gone(string.match(change.head, '"campaign":"([^"]*)","activity":"[^"]*"$')) then
    return 'R;NOT_FOUND', after
  end
  local index, field, delta = unpack(change.rest[1])
  local item = item_of(index, field)
  local facts, hash = fetch(5, item)
  if not facts then
    return 'X;' .. KEYS[5], after
  end
  reply = lend_or_receive(change, frame)
  if string.sub(delta, 1, 1) == '-' and string.sub(reply, 1, 1) == 'A' then
    put(hash, item, '-;' .. string.format('%.0f', frame.opening.time))
  end
  return reply, after
end
