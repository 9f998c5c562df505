--[[
  purpose: a redemption: units of an item for points, and codes of a pool where the item gives one
  Returns: the kind's members, see lib/kinds.lua
]]
local function prepare(terms, rules)
  terms.pool = rules.pool or ''
  return true
end

local function take(attempt)
  local quantity, pool = attempt.quantity, attempt.terms.pool
  local taken, refusal = hand_out(attempt, quantity, pool)
  if not taken then
    return nil, refusal
  end
  attempt.type = 'claim.accepted'
  attempt.variant = text(quantity)
  attempt.facts = attempt.variant .. ',' .. pool
  return true
end

return { fields = { 'pool' }, prepare = prepare, take = take, by_quantity = true, spends_entitlement = true }
