--[[
  purpose: why a prize cannot be given to this user now: exhausted, not released yet, capped, or too early
  KEYS:    stock (s:): `<prize>:remaining|paid|total`
  Returns: quota_of(draw, prize) -> the hash or nil; obstacle(deal, draw, prize) -> '' when it can be given, nil when its quota is not readable
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

-- Why this prize cannot be given to this user now; '' when it can, nil when its quota is not readable.
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
  if not prize.limited then
    return ''
  end
  local quota = quota_of(draw, prize)
  if not quota then
    return nil
  end
  if whole(quota.values[prize.remaining]) < 1 then
    return 'exhausted'
  end
  local session = deal.activity.session
  if prize.even and whole(quota.values[prize.paid]) >= released(prize, quota.values, session, deal.part.now) then
    return 'unreleased'
  end
  return ''
end
