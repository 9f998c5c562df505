--[[
  purpose: step 7, takes units from stock, and with them codes from a pool: all or nothing
  KEYS:    stock (s:) of the activity: `<session>:remaining`, `all:paid`; of the pool: `codes:remaining|paid`
  Returns: pool_index(attempt, pool); hand_out(attempt, quantity, pool) -> true, or nil and the refusal; `pool` is '' where
           there are no codes; the refusal may be U or LACKS
]]
-- The index of a pool among those that the command names, nil when the command does not name it.
local function pool_index(attempt, pool)
  for index in string.gmatch(attempt.pools, '[1-9]%d*') do
    if logical(tonumber(index)) == pool then
      return tonumber(index)
    end
  end
  return nil
end

-- The stock to take from. What is the same for all commands is made once a batch.
local function supply_of(terms, index, remaining, paid)
  local supply = terms.supplies[index]
  if not supply then
    local is_stock = paid == 'all:paid'
    local scope = is_stock and 's' or logical(index)
    supply = { index = index, remaining = remaining, paid = paid, is_stock = is_stock, scope = scope, effects = {} }
    terms.supplies[index] = supply
  end
  return supply
end

local function effect_of(supply, quantity)
  local effect = supply.effects[quantity]
  if not effect then
    local deltas = { [supply.remaining] = -quantity, [supply.paid] = quantity }
    effect = { hash = supply.hash, scope = supply.scope, deltas = deltas }
    supply.effects[quantity] = effect
  end
  return effect
end

-- Refuses when not enough is there; codes that were never loaded count as 0, a missing stock is a fault.
local function check_supply(supply, quantity, opening)
  if not supply.hash then
    local values, hash = fetch(supply.index, supply.remaining, supply.paid)
    if not values or (supply.is_stock and not values[supply.remaining]) then
      return 'X;' .. KEYS[supply.index]
    end
    supply.hash = hash
  end
  local values = supply.hash.values
  local remaining = whole(values[supply.remaining])
  if not remaining or not whole(values[supply.paid]) then
    return 'X;' .. KEYS[supply.index]
  end
  if remaining >= quantity then
    return nil
  end
  local undecided, others = short_of(supply.index, supply.remaining, quantity - remaining, opening)
  return undecided or 'R;SOLD_OUT;' .. text(remaining + others) .. ';0'
end

local function hand_out(attempt, quantity, pool)
  local terms, activity = attempt.terms, attempt.activity
  local units = supply_of(terms, activity.index + 2, activity.remaining, 'all:paid')
  local codes
  if pool ~= '' then
    local key = 's:' .. terms.campaign_id .. ':pool/' .. pool
    -- a gateway that has not read the newest rules yet names another pool, or none
    local index = pool_index(attempt, key)
    if not index then
      return nil, 'X;' .. key
    end
    codes = supply_of(terms, index, 'codes:remaining', 'codes:paid')
  end
  local opening = attempt.frame.opening
  local refusal = check_supply(units, quantity, opening) or (codes and check_supply(codes, quantity, opening))
  if refusal then
    return nil, refusal
  end
  attempt.stock = { effect_of(units, quantity), codes and effect_of(codes, quantity) }
  return true
end
