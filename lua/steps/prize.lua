--[[
  purpose: step 7 of a draw: the number, the prize that it means by the full published weights, and what is given instead
           when that is exhausted, not released yet, capped or not open to this user: the fallback, never other weights
  KEYS:    stock (s:): `<prize>:remaining|paid|total`, `chain` (the draw's last number); activity (a:): `prize:<id>`
  Returns: prepare_draw(part, rules, activity); take_prize(deal, draw_random, level) -> prize, or nil and the refusal
]]
local function parse_list(packed)
  local list = {}
  for entry in string.gmatch(packed or '', '[^,]+') do
    list[#list + 1] = entry
  end
  return list
end

-- `<level>:<w>,<w>...;...`: the last set whose level the user has reached.
local function weights_for(draw, level)
  local found
  for name, packed in string.gmatch(draw.weights, '(%d+):([^;]*)') do
    if tonumber(name) <= level then
      found = packed
    end
  end
  local set = draw.sets[found or '']
  if found and not set then
    set = { total = 0 }
    for weight in string.gmatch(found, '%d+') do
      set.total = set.total + tonumber(weight)
      set[#set + 1] = set.total
    end
    draw.sets[found] = set
  end
  return set and #set == #draw.ids and set.total > 0 and set or nil
end

-- `<id>~<weight>~<reward>|...`
local function parse_subs(packed)
  local subs = { total = 0 }
  for id, weight, reward in string.gmatch(packed, '([^~|]+)~(%d+)~([^|]*)') do
    subs.total = subs.total + tonumber(weight)
    subs[#subs + 1] = { id = id, upto = subs.total, reward = parse_reward(reward) }
  end
  return subs
end

local PRIZE = '^(%d+);([^;]*);([01]);(%d+);([01]);(%d+);[^;]*;([^;]*);(.*)$'

-- Read when it is first picked in a batch.
local function prize_of(draw, id)
  local known = draw.known[id]
  if known ~= nil then
    return known
  end
  local packed = fetch(draw.index + 1, 'prize:' .. id)['prize:' .. id] or ''
  local tier, type_name, limited, min_spins, even, claim_within, reward, subs = string.match(packed, PRIZE)
  known = tier
      and {
        id = id,
        tier = tier,
        type = type_name,
        limited = limited == '1',
        min_spins = tonumber(min_spins),
        even = even == '1',
        claim_within = tonumber(claim_within),
        reward = parse_reward(reward),
        subs = parse_subs(subs),
        remaining = id .. ':remaining',
        paid = id .. ':paid',
        total = id .. ':total',
      }
    or false
  draw.known[id] = known
  return known
end

local function prepare_draw(part, rules, activity)
  local draw = {
    index = activity.index,
    ids = parse_list(rules.prizes),
    weights = rules.weights or '',
    fallback = rules.fallback or '',
    guarantee = rules.guarantee or '',
    memory = rules.memory == '1',
    wins_most = tonumber(rules.wins_per_campaign or '0'),
    tiers_most = {},
    wins = 'wn:' .. part.place,
    last_spin = 'ls:' .. part.place,
    sets = {},
    known = {},
  }
  part.draw = draw
  for tier, most in string.gmatch(rules.wins_per_tier or '', '(%d+):(%d+)') do
    draw.tiers_most[tier] = tonumber(most)
    part.numbers[#part.numbers + 1] = draw.wins .. '/' .. tier
  end
  part.numbers[#part.numbers + 1] = draw.wins
  if draw.memory then
    part.fields[#part.fields + 1] = draw.last_spin
  end
  return #draw.ids > 0 and draw.wins_most and prize_of(draw, draw.fallback)
end

-- Quota of a prize: nil when its stock is missing or not readable, which is never "exhausted".
local function quota_of(draw, prize)
  local values, hash = fetch(draw.index + 2, prize.remaining, prize.paid, prize.total)
  if not values or not values[prize.remaining] then
    return nil
  end
  local numbers = whole(values[prize.remaining]) and whole(values[prize.paid]) and whole(values[prize.total])
  return numbers and hash
end

-- Unit i of n is released at (i - 1/2)/n of the draw's window, so that the first minute cannot empty it.
local function released(prize, values, session, now)
  local total = whole(values[prize.total])
  local elapsed = (now - session.opens_at) / (session.closes_at - session.opens_at)
  return math.floor(total * elapsed + 0.5)
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
  if draw.wins_most > 0 and whole(values[draw.wins]) >= draw.wins_most then
    return 'capped'
  end
  local most = draw.tiers_most[prize.tier]
  if most and whole(values[draw.wins .. '/' .. prize.tier]) >= most then
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

local function losing_spins(deal, draw)
  return draw.memory and tonumber(string.match(deal.values[draw.last_spin] or '', '^(%d+);')) or 0
end

-- A prize promised after so many losing spins, where it can be given; nil otherwise.
local function guaranteed(deal, draw)
  local losses = losing_spins(deal, draw)
  for after, id in string.gmatch(draw.guarantee, '(%d+):([^,]+)') do
    local prize = losses >= tonumber(after) and prize_of(draw, id)
    if prize and obstacle(deal, draw, prize) == '' then
      return prize
    end
  end
  return nil
end

local function pick(draw, set, number)
  local at = math.fmod(number, set.total)
  for i = 1, #set do
    if at < set[i] then
      return draw.ids[i]
    end
  end
end

local function pick_sub(prize, number)
  local at = math.fmod(number, prize.subs.total)
  for i = 1, #prize.subs do
    if at < prize.subs[i].upto then
      return prize.subs[i]
    end
  end
end

local function chain_of(draw)
  local values, hash = fetch(draw.index + 2, 'chain')
  return values and hash
end

-- The number is the gateway's HMAC of a secret seed, mixed with what no gateway and no user can choose: the sequence and
-- the draw's previous number. So neither can look for a lucky key beforehand.
local function take_prize(deal, draw_random, level)
  local draw = deal.part.draw
  local set, chain = weights_for(draw, level), chain_of(draw)
  if not set or not chain then
    return nil, 'X;' .. KEYS[draw.index + (chain and 1 or 2)]
  end
  local previous = chain.values.chain or ''
  local digest = redis.sha1hex(draw_random .. ';' .. EPOCH .. '-' .. next_sequence(deal.frame) .. ';' .. previous)
  local number = string.sub(digest, 1, 13)
  local picked = pick(draw, set, tonumber(number, 16))
  local prize, why = guaranteed(deal, draw), 'guaranteed'
  if not prize then
    prize = prize_of(draw, picked)
    why = prize and obstacle(deal, draw, prize)
    if not why then
      return nil, 'X;' .. KEYS[draw.index + (prize and 2 or 1)]
    end
    prize = why == '' and prize or prize_of(draw, draw.fallback)
  end
  local sub = prize.subs.total > 0 and pick_sub(prize, tonumber(string.sub(digest, 14, 26), 16)) or nil
  deal.chain, deal.number, deal.previous, deal.picked, deal.why = chain, number, previous, picked, why
  return prize, sub
end
