--[[
  purpose: step 6, what it costs: points, or chances of which the day's own are spent first
  KEYS:    the user's hash
  Returns: debit(deal, quantity) -> refusal or nil; notes what is taken in deal.adds and deal.moves
]]
-- Chances of this day that are left, with those carried over where the campaign keeps them. They are derived from the
-- times of the day, so a decision that never was takes none with it.
local function daily_left(deal)
  local part, values = deal.part, deal.values
  local carried = 0
  if part.keep then
    local day, kept = string.match(values[part.kept] or '', '^(%d+);(%d+)$')
    if tonumber(day) == part.today then
      carried = tonumber(kept)
    elseif day then
      local _, user = fetch(deal.user_index, part.times .. '@' .. day)
      local spent = user and whole(user.values[part.times .. '@' .. day]) or 0
      carried = math.max(0, tonumber(kept) + part.daily - spent)
      deal.puts[part.kept] = text(part.today) .. ';' .. text(carried)
    else
      deal.puts[part.kept] = text(part.today) .. ';0'
    end
  end
  return math.max(0, carried + part.daily - whole(values[part.times_today]))
end

local function debit(deal, quantity)
  local part = deal.part
  local amount = part.cost * quantity
  if part.daily > 0 then
    local left = daily_left(deal)
    deal.daily_left = math.max(0, left - quantity)
    if left >= quantity then
      return nil
    end
  end
  if amount == 0 then
    return nil
  end
  local balance = whole(deal.values[part.cost_field])
  if balance < amount then
    return 'R;INSUFFICIENT_BALANCE;' .. part.cost_unit .. ';' .. text(balance) .. ';' .. text(amount)
  end
  deal.adds[part.cost_field] = -amount
  deal.moves = '|' .. part.cost_unit .. ' -' .. text(amount) .. ' ' .. text(balance - amount)
  return nil
end
