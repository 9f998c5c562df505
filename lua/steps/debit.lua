--[[
  purpose: step 6, the cost: points, or chances, of which those of the day are spent first
  KEYS:    the user's hash
  Returns: debit(attempt, quantity) -> refusal or nil; notes what is taken in attempt.adds and attempt.moves
]]
-- At most the chances of so many days are kept.
local KEPT_DAYS = 30

-- Unused chances of earlier days, where the campaign keeps them: of all days since the last one with a spin, or since the draw
-- opened; nil when their counter is not readable.
local function carried_over(attempt)
  local terms = attempt.terms
  local day, kept = head_of(attempt.values[terms.kept], RECORDS.kept)
  if day and tonumber(day) >= terms.today then
    return tonumber(kept)
  end
  local carried, idle = 0, terms.today - terms.first_day
  if day then
    idle = terms.today - tonumber(day) - 1
    local name = terms.times .. '@' .. day
    local values = fetch(attempt.user_index, name)
    local spent = values and whole(values[name])
    if not spent then
      return nil
    end
    carried = math.max(0, tonumber(kept) + terms.daily - spent)
  end
  carried = math.min(carried + idle * terms.daily, KEPT_DAYS * terms.daily)
  note_put(attempt, terms.kept, text(terms.today) .. ';' .. text(carried))
  return carried
end

-- Unused chances of this day, derived from how often the user took part today, so a void decision uses up none.
local function daily_left(attempt)
  local terms = attempt.terms
  local carried = 0
  if terms.keep then
    carried = carried_over(attempt)
  end
  local left = carried and carried + terms.daily - (attempt.values[terms.times_today] or 0)
  return left and (left > 0 and left or 0)
end

local function insufficient(unit, balance, required)
  return 'R;INSUFFICIENT_BALANCE;' .. unit .. ';' .. text(balance) .. ';' .. text(required)
end

local function debit(attempt, quantity)
  local terms = attempt.terms
  local amount = terms.cost * quantity
  if terms.daily > 0 then
    local left = daily_left(attempt)
    if not left then
      return 'X;' .. KEYS[attempt.user_index]
    end
    attempt.daily_left = left > quantity and left - quantity or 0
    if left >= quantity then
      return nil
    end
    if amount == 0 then
      -- only chances of the day can pay
      return insufficient('chances:' .. terms.activity_id, 0, quantity)
    end
  end
  if amount == 0 then
    return nil
  end
  local balance = attempt.values[terms.cost_field] or 0
  if balance < amount then
    return insufficient(terms.cost_unit, balance, amount)
  end
  attempt.adds[terms.cost_field] = -amount
  attempt.moves = '|' .. terms.cost_unit .. ' -' .. text(amount) .. ' ' .. text(balance - amount)
  return nil
end
