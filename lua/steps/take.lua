--[[
  purpose: step 7, units of a session: all or nothing
  KEYS:    stock (s:)
  Returns: take_units(activity, quantity) -> positions of the first and last unit as text, or nil and the refusal;
           count_newcomer(activity)
]]
local function load_stock(activity)
  local values, hash = fetch(activity.index + 2, activity.remaining, activity.held, activity.position)
  -- a missing stock is a fault, never "sold out"
  if not values or not values[activity.remaining] then
    return nil
  end
  if
    not whole(values[activity.remaining])
    or not whole(values[activity.held])
    or not whole(values[activity.position])
  then
    return nil
  end
  return hash
end

local function take_units(activity, quantity)
  if activity.stock == nil then
    activity.stock = load_stock(activity) or false
  end
  local stock = activity.stock
  if not stock then
    return nil, 'X;' .. KEYS[activity.index + 2]
  end
  local remaining = tonumber(stock.values[activity.remaining])
  if remaining < quantity then
    local may_reopen = (tonumber(stock.values[activity.held]) or 0) > 0 and '1' or '0'
    return nil, 'R;SOLD_OUT;' .. text(remaining) .. ';' .. may_reopen
  end
  local before = tonumber(stock.values[activity.position]) or 0
  add(stock, activity.remaining, -quantity)
  add(stock, activity.held, quantity)
  add(stock, activity.position, quantity)
  return text(before + 1), text(before + quantity)
end

local function count_newcomer(activity)
  local _, campaign = fetch(activity.index, 'participants')
  add(campaign, 'participants', 1)
end
