--[[
  purpose: why a prize cannot be given to this user now: exhausted, not released yet, capped, or too early
  KEYS:    stock (s:): `<prize>:remaining|paid|total`; of pools `codes:remaining|paid`
  Returns: quota_of(prizes, prize) -> the hash or nil; codes_of(attempt, prizes, prize) -> the hash or nil; obstacle(attempt,
           prizes, prize) -> '' when it can be given, nil and a key when that is not readable
]]
-- The quota of a prize: nil when its stock is missing or not readable, which is never read as "exhausted".
local function quota_of(prizes, prize)
  if prize.quota then
    return prize.quota
  end
  local values, hash = fetch(prizes.index + 2, prize.remaining, prize.paid, prize.total)
  if not values or not values[prize.remaining] then
    return nil
  end
  local numbers = numbers_are_whole({ prize.remaining, prize.paid, prize.total }, values)
  prize.quota = numbers and hash or nil
  return prize.quota
end

-- Codes of a prize's pool: nil when they are not readable, or when the caller has not read the newest rules and does not name the
-- pool. Codes that were never loaded count as 0.
local function codes_of(attempt, prizes, prize)
  local pool = prizes.pools[prize.id]
  if not prizes.codes[pool] then
    local index = pool_index(attempt, pool)
    local values, hash = nil, nil
    if index then
      values, hash = fetch(index, 'codes:remaining', 'codes:paid')
    end
    if not values or not numbers_are_whole({ 'codes:remaining', 'codes:paid' }, values) then
      return nil
    end
    prizes.codes[pool] = hash
  end
  return prizes.codes[pool]
end

-- Whether a prize has no units or no codes left; nil and the key when that is not readable.
local function is_exhausted(attempt, prizes, prize)
  local quota = prize.limited and quota_of(prizes, prize)
  if prize.limited and not quota then
    return nil, KEYS[prizes.index + 2]
  end
  local codes = prizes.pools[prize.id] and codes_of(attempt, prizes, prize)
  if prizes.pools[prize.id] and not codes then
    return nil, prizes.pools[prize.id]
  end
  return (quota and whole(quota.values[prize.remaining]) < 1)
    or (codes and whole(codes.values['codes:remaining']) < 1)
    or false
end

-- Unit i of n is released at (i - 1/2)/n of the activity's window, so that the first minute cannot empty it.
local function released(prize, values, session, now)
  local total = whole(values[prize.total])
  local elapsed = (now - session.opens_at) / (session.closes_at - session.opens_at)
  return math.floor(total * elapsed + 0.5)
end

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
  if whole(values[attempt.terms.times]) < prize.min_spins then
    return 'early'
  end
  if is_capped(prizes, prize, values) then
    return 'capped'
  end
  local exhausted, spoiled = is_exhausted(attempt, prizes, prize)
  if spoiled then
    return nil, spoiled
  end
  if exhausted then
    return 'exhausted'
  end
  local session = attempt.activity.session
  local quota = prize.limited and prize.even and quota_of(prizes, prize).values
  if quota and whole(quota[prize.paid]) >= released(prize, quota, session, attempt.terms.now) then
    return 'unreleased'
  end
  return ''
end
