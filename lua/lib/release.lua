--[[
  purpose: how much of an evenly released prize is released: unit i of n at (i - 1/2)/n of the activity's window, so that the first minute
           cannot empty it. Of several shards, unit j of the k-th of n is unit (j - 1) n + k of the whole, and is released with that; what
           came by loan is released, and only what is released is lent
  KEYS:    activity (a:) `even`, `sessions`, and its stock (s:) behind it
  Returns: whole_of(index, id) -> of the activity's prize { units, shards } in all shards, nil where it is not released evenly;
           released(values, prize, whole, session, now) -> units of this shard; lendable(index, field, now) -> units of an item that may
           leave this shard, nil when that is not readable, and the prize where it is one that is released evenly
]]
-- `<shards>;<prize>:<units>,...`
local function whole_of(index, id)
  local rules = fetch(index, 'even')
  local shards, list = string.match(rules and rules.even or '', '^(%d+);(.*)$')
  for name, units in string.gmatch(list or '', '([^:,]+):(%d+)') do
    if name == id then
      return { units = tonumber(units), shards = tonumber(shards) }
    end
  end
  return nil
end

local function released(values, prize, whole_prize, session, now)
  local elapsed = (now - session.opens_at) / (session.closes_at - session.opens_at)
  local total = whole(values[prize.total])
  if not HAS_PEERS then
    return math.floor(total * elapsed + 0.5)
  end
  local moved = whole(values[prize.received]) - whole(values[prize.lent])
  local own, nth = total - moved, tonumber(SHARD) + 1
  local units, shards = whole_prize and whole_prize.units or 0, whole_prize and whole_prize.shards or 1
  -- where an operator has taken some away, or there are fewer units than shards, a shard has not its even part: then by what it has
  if units < shards or own ~= math.floor((units - nth) / shards) + 1 then
    return math.floor(own * elapsed + 0.5) + moved
  end
  return math.floor((math.floor(units * elapsed + 0.5) - nth) / shards) + 1 + moved
end

-- The prize of an item, when it is one of an activity that releases it evenly, and its window.
local function even_prize(index, field)
  local id = string.match(field, '^(.*):remaining$')
  local is_of_activity = id and 'a' .. string.sub(logical(index), 2) == logical(index - 1)
  local whole_prize = is_of_activity and whole_of(index - 1, id)
  local rules = whole_prize and fetch(index - 1, 'sessions')
  local session = rules and session_at(rules.sessions or '', 1)
  return session
    and {
      whole = whole_prize,
      session = session,
      paid = id .. ':paid',
      total = id .. ':total',
      lent = id .. ':lent',
      received = id .. ':received',
    }
end

local function lendable(index, field, now)
  local values = fetch(index, field)
  local units = values and whole(values[field])
  local prize = units and even_prize(index, field)
  if not prize then
    return units
  end
  local names = { prize.paid, prize.total, prize.lent, prize.received }
  values = fetch(index, unpack(names))
  if not values or not numbers_are_whole(names, values) then
    return nil
  end
  local free = released(values, prize, prize.whole, prize.session, now) - whole(values[prize.paid])
  return math.max(0, math.min(units, free)), prize
end
