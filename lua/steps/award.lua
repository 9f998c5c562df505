--[[
  purpose: steps 7 and 8 of a prize of a draw: takes it from its quota and its code pool, credits its reward, and makes it a win of its user
           where it is worth something
  KEYS:    the user's hash; stock (s:)
  Returns: award_prize(attempt, prize, sub) -> whether it is a win, or nil and the refusal
]]
-- Checks that the user's fields which a prize credits are readable, before anything is written.
local function fetch_reward(attempt, reward)
  local numbers = {}
  for i = 1, #reward do
    local field = reward[i].hours and reward[i].field
    local values = field and fetch(attempt.user_index, field)
    if field and not (values and is_record(values[field], RECORDS.doubler)) then
      return false
    end
  end
  push_reward_fields(numbers, reward, attempt.terms)
  if #numbers == 0 then
    return true
  end
  local values = fetch(attempt.user_index, unpack(numbers))
  if not values or not numbers_are_whole(numbers, values) then
    return false
  end
  for i = 1, #numbers do
    attempt.values[numbers[i]] = values[numbers[i]]
  end
  return true
end

-- Returns false when the user's hash is not readable.
local function credit_prize(attempt, reward)
  if #reward == 0 then
    return true
  end
  if not fetch_reward(attempt, reward) then
    return false
  end
  give_reward(attempt, reward)
  return true
end

local function award_prize(attempt, prize, sub)
  local prizes = attempt.terms.prizes
  -- whatever is worth something is a win, also the fallback
  local won = prize.type ~= 'nothing'
  if not credit_prize(attempt, prize.reward) or (sub and not credit_prize(attempt, sub.reward)) then
    return nil, 'X;' .. KEYS[attempt.user_index]
  end
  attempt.stock = stock_of_prize(attempt, prizes, prize) or false
  if prizes.memory then
    note_losses(attempt, prizes, prize, won)
  end
  if won then
    attempt.adds[prizes.wins] = 1
    if prizes.tiers_most[prize.tier] then
      attempt.adds[prizes.wins .. '/' .. prize.tier] = 1
    end
    note_win(attempt, prize, sub)
  end
  return won
end
