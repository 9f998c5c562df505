--[[
  purpose: why a prize of a draw cannot be given to this user now: exhausted, not released yet, capped, or too early
  KEYS:    stock (s:): `<prize>:remaining|paid|total|lent|received`; of pools `codes:remaining|paid`
  Returns: obstacle(attempt, prizes, prize) -> '' when it can be given, nil and a key when that is not readable; 'elsewhere' and U or
           LACKS when nothing is in its way but that it is not in this shard
]]
-- Caps count wins, and a prize of type `nothing` is no win.
local function is_capped(prizes, prize, values)
  if prize.type == 'nothing' then
    return false
  end
  local most = prizes.tiers_most[prize.tier]
  return (prizes.wins_most > 0 and whole(values[prizes.wins]) >= prizes.wins_most)
    or (most and whole(values[prizes.wins .. '/' .. prize.tier]) >= most)
end

-- Why this prize cannot be given to this user now; '' when it can, nil and the key when that is not readable.
local function obstacle(attempt, prizes, prize)
  if prize.id == prizes.fallback then
    return ''
  end
  local values = attempt.values
  -- a spin that is finished is counted already
  if whole(values[attempt.terms.times]) - (attempt.finishes and 1 or 0) < prize.min_spins then
    return 'early'
  end
  if is_capped(prizes, prize, values) then
    return 'capped'
  end
  local missing, spoiled = missing_of(attempt, prizes, prize)
  if spoiled then
    return nil, spoiled
  end
  if missing then
    return missing == '' and 'exhausted' or 'elsewhere', missing
  end
  local session = attempt.activity.session
  local quota = prize.limited and prize.even and quota_of(prizes, prize).values
  if quota and whole(quota[prize.paid]) >= released(quota, prize, prize.whole, session, attempt.terms.now) then
    return 'unreleased'
  end
  return ''
end
