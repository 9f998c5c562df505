--[[
  purpose: step 7, units of a session: all or nothing
  KEYS:    stock (s:)
  Returns: take_units(activity, quantity, opening) -> positions of the first and last unit as text, or nil and the refusal, U or
           LACKS; count_newcomer(activity)
]]
local function load_stock(activity)
  local values, hash = fetch(activity.index + 2, activity.remaining, activity.held, activity.position)
  -- a missing stock is a fault, never "sold out"
  if not values or not values[activity.remaining] then
    return nil
  end
  return numbers_are_whole({ activity.remaining, activity.held, activity.position }, values) and hash
end

local function take_units(activity, quantity, opening)
  if activity.stock == nil then
    activity.stock = load_stock(activity) or false
  end
  local stock = activity.stock
  if not stock then
    return nil, 'X;' .. KEYS[activity.index + 2]
  end
  -- they are numbers since the stock was read: what puts others is alone in its batch
  local values, dirty = stock.values, stock.dirty
  local remaining, held = values[activity.remaining], values[activity.held] or 0
  if remaining < quantity then
    local undecided, others = short_of(activity.index + 2, activity.remaining, quantity - remaining, opening)
    -- whether other shards hold some is not known here: "all are gone" would be wrong where they do
    local may_reopen = held > 0 or HAS_PEERS
    return nil, undecided or 'R;SOLD_OUT;' .. text(remaining + others) .. ';' .. (may_reopen and '1' or '0')
  end
  local last = (values[activity.position] or 0) + quantity
  values[activity.remaining], values[activity.held], values[activity.position] =
    remaining - quantity, held + quantity, last
  dirty[activity.remaining], dirty[activity.held], dirty[activity.position] = true, true, true
  local position = text(last)
  return quantity == 1 and position or text(last - quantity + 1), position
end

local function count_newcomer(activity)
  local hash = activity.campaign_hash
  hash.values.participants = (hash.values.participants or 0) + 1
  hash.dirty.participants = true
end
