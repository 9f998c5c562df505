--[[
  purpose: why a prize cannot be given to this user now: exhausted, not released yet, capped, or too early
  KEYS:    stock (s:): `<prize>:remaining|paid|total`; of pools `codes:remaining|paid`
  Returns: quota_of(draw, prize) -> the hash or nil; pool_index(deal, pool); codes_of(deal, draw,
           prize); obstacle(deal, draw, prize) -> '' when it can be given, nil and a key when that is not readable
]]
-- Quota of a prize: nil when its stock is missing or not readable, which is never "exhausted".
local function quota_of(draw, prize)
  if prize.quota then
    return prize.quota
  end
  local values, hash = fetch(draw.index + 2, prize.remaining, prize.paid, prize.total)
  if not values or not values[prize.remaining] then
    return nil
  end
  local numbers = numbers_are_whole({ prize.remaining, prize.paid, prize.total }, values)
  prize.quota = numbers and hash or nil
  return prize.quota
end

-- The index of a pool among those that the command names, nil when it is not there.
local function pool_index(deal, pool)
  for index in string.gmatch(deal.pools, '[1-9]%d*') do
    if logical(tonumber(index)) == pool then
      return tonumber(index)
    end
  end
  return nil
end

-- Codes of a prize's pool: nil when they are not readable, or named by a caller who has not read the newest rules yet. Codes that
-- were never loaded are none.
local function codes_of(deal, draw, prize)
  local pool = draw.pools[prize.id]
  if not draw.codes[pool] then
    local index = pool_index(deal, pool)
    local values, hash = nil, nil
    if index then
      values, hash = fetch(index, 'codes:remaining', 'codes:paid')
    end
    if not values or not numbers_are_whole({ 'codes:remaining', 'codes:paid' }, values) then
      return nil
    end
    draw.codes[pool] = hash
  end
  return draw.codes[pool]
end

-- Whether a prize has run out, of units or of codes; nil and the key of what is not readable.
local function is_exhausted(deal, draw, prize)
  local quota = prize.limited and quota_of(draw, prize)
  if prize.limited and not quota then
    return nil, KEYS[draw.index + 2]
  end
  local codes = draw.pools[prize.id] and codes_of(deal, draw, prize)
  if draw.pools[prize.id] and not codes then
    return nil, draw.pools[prize.id]
  end
  return (quota and whole(quota.values[prize.remaining]) < 1)
    or (codes and whole(codes.values['codes:remaining']) < 1)
    or false
end

-- Unit i of n is released at (i - 1/2)/n of the draw's window, so that the first minute cannot empty it.
local function released(prize, values, session, now)
  local total = whole(values[prize.total])
  local elapsed = (now - session.opens_at) / (session.closes_at - session.opens_at)
  return math.floor(total * elapsed + 0.5)
end

-- Caps are of wins, and nothing is no win.
local function is_capped(draw, prize, values)
  if prize.type == 'nothing' then
    return false
  end
  local most = draw.tiers_most[prize.tier]
  return (draw.wins_most > 0 and whole(values[draw.wins]) >= draw.wins_most)
    or (most and whole(values[draw.wins .. '/' .. prize.tier]) >= most)
end

-- Why this prize cannot be given to this user now; '' when it can, nil and the key of what is not readable.
local function obstacle(deal, draw, prize)
  if prize.id == draw.fallback then
    return ''
  end
  local values = deal.values
  if whole(values[deal.part.times]) < prize.min_spins then
    return 'early'
  end
  if is_capped(draw, prize, values) then
    return 'capped'
  end
  local exhausted, spoiled = is_exhausted(deal, draw, prize)
  if spoiled then
    return nil, spoiled
  end
  if exhausted then
    return 'exhausted'
  end
  local session = deal.activity.session
  local quota = prize.limited and prize.even and quota_of(draw, prize).values
  if quota and whole(quota[prize.paid]) >= released(prize, quota, session, deal.part.now) then
    return 'unreleased'
  end
  return ''
end
