--[[
  purpose: step 6, what it costs: points, or chances of which the day's own are spent first
  KEYS:    the user's hash
  Returns: debit(deal, quantity) -> refusal or nil; notes what is taken in deal.adds and deal.moves
]]
-- At most the chances of so many days are kept.
local KEPT_DAYS = 30

-- Chances of earlier days that are left, where the campaign keeps them, of days without a spin too: since the last day with one,
-- or since the draw opened; nil when their counter is not readable.
local function carried_over(deal)
  local part = deal.part
  local day, kept = head_of(deal.values[part.kept], RECORDS.kept)
  if day and tonumber(day) >= part.today then
    return tonumber(kept)
  end
  local carried, idle = 0, part.today - part.first_day
  if day then
    idle = part.today - tonumber(day) - 1
    local name = part.times .. '@' .. day
    local values = fetch(deal.user_index, name)
    local spent = values and whole(values[name])
    if not spent then
      return nil
    end
    carried = math.max(0, tonumber(kept) + part.daily - spent)
  end
  carried = math.min(carried + idle * part.daily, KEPT_DAYS * part.daily)
  deal_put(deal, part.kept, text(part.today) .. ';' .. text(carried))
  return carried
end

-- Chances of this day that are left: derived from the times of the day, so a decision that never was takes none with it.
local function daily_left(deal)
  local part = deal.part
  local carried = 0
  if part.keep then
    carried = carried_over(deal)
  end
  local left = carried and carried + part.daily - (deal.values[part.times_today] or 0)
  return left and (left > 0 and left or 0)
end

local function insufficient(unit, balance, required)
  return 'R;INSUFFICIENT_BALANCE;' .. unit .. ';' .. text(balance) .. ';' .. text(required)
end

local function debit(deal, quantity)
  local part = deal.part
  local amount = part.cost * quantity
  if part.daily > 0 then
    local left = daily_left(deal)
    if not left then
      return 'X;' .. KEYS[deal.user_index]
    end
    deal.daily_left = left > quantity and left - quantity or 0
    if left >= quantity then
      return nil
    end
    if amount == 0 then
      -- chances of the day and nothing else to pay with
      return insufficient('chances:' .. part.activity_id, 0, quantity)
    end
  end
  if amount == 0 then
    return nil
  end
  local balance = deal.values[part.cost_field] or 0
  if balance < amount then
    return insufficient(part.cost_unit, balance, amount)
  end
  deal.adds[part.cost_field] = -amount
  deal.moves = '|' .. part.cost_unit .. ' -' .. text(amount) .. ' ' .. text(balance - amount)
  return nil
end
