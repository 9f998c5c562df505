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

-- `<w>,<w>...` as sums; nil when these are not as many weights as there are prizes, or nothing to be drawn.
local function parse_weights(packed, count)
  local set = { total = 0 }
  for weight in string.gmatch(packed, '[^,]+') do
    local number = natural(weight)
    if not number then
      return nil
    end
    set.total = set.total + number
    set[#set + 1] = set.total
  end
  return #set == count and set.total > 0 and set or nil
end

-- `<level>:<w>,<w>...;...`: the last set whose level the user has reached.
local function weights_for(draw, level)
  local set = draw.sets[level]
  if set == nil then
    local found
    for name, packed in string.gmatch(draw.weights, '(%d+):([^;]*)') do
      if tonumber(name) <= level then
        found = packed
      end
    end
    set = found and parse_weights(found, #draw.ids) or false
    draw.sets[level] = set
  end
  return set
end

-- `<id>~<weight>~<reward>|...`; nil when one of them is not readable
local function parse_subs(packed)
  local subs = { total = 0 }
  for sub in string.gmatch(packed, '[^|]+') do
    local id, weight, reward = string.match(sub, '^([^~]+)~([^~]+)~(.*)$')
    local parsed = id and natural(weight) and parse_reward(reward)
    if not parsed then
      return nil
    end
    subs.total = subs.total + tonumber(weight)
    subs[#subs + 1] = { id = id, upto = subs.total, reward = parsed }
  end
  return subs
end

local PRIZE = '^(%d+);([^;]*);([01]);(%d+);([01]);(%d+);[^;]*;([^;]*);(.*)$'

local function parse_prize(id, packed)
  local tier, type_name, limited, min_spins, even, claim_within, reward, subs = string.match(packed, PRIZE)
  local prize = tier
    and {
      id = id,
      tier = tier,
      type = type_name,
      limited = limited == '1',
      min_spins = natural(min_spins),
      even = even == '1',
      claim_within = natural(claim_within),
      reward = parse_reward(reward),
      subs = parse_subs(subs),
      remaining = id .. ':remaining',
      paid = id .. ':paid',
      total = id .. ':total',
    }
  return prize and prize.min_spins and prize.claim_within and prize.reward and prize.subs and prize
end

-- Read when it is first picked in a batch.
local function prize_of(draw, id)
  local prize = draw.known[id]
  if prize == nil then
    local rule = 'prize:' .. id
    prize = parse_prize(id, fetch(draw.index + 1, rule)[rule] or '') or false
    draw.known[id] = prize
  end
  return prize
end

-- `<n>:<prize>,...`, the largest n first; nil when it is not readable
local function parse_guarantees(packed)
  local list = {}
  for entry in string.gmatch(packed, '[^,]+') do
    local after, id = string.match(entry, '^([1-9]%d*):(.+)$')
    if not after then
      return nil
    end
    list[#list + 1] = { after = tonumber(after), id = id }
  end
  return list
end

local function parse_tiers(packed)
  local tiers = {}
  for entry in string.gmatch(packed, '[^,]+') do
    local tier, most = string.match(entry, '^(%d+):(%d+)$')
    if not tier then
      return nil
    end
    tiers[tier] = tonumber(most)
  end
  return tiers
end

local function prepare_draw(part, rules, activity)
  local draw = {
    index = activity.index,
    ids = parse_list(rules.prizes),
    weights = rules.weights or '',
    fallback = rules.fallback or '',
    guarantees = parse_guarantees(rules.guarantee or ''),
    memory = rules.memory == '1',
    wins_most = natural(rules.wins_per_campaign),
    tiers_most = parse_tiers(rules.wins_per_tier or ''),
    wins = 'wn:' .. part.place,
    last_spin = 'ls:' .. part.place,
    sets = {},
    known = {},
  }
  part.draw = draw
  if #draw.ids == 0 or not (draw.guarantees and draw.wins_most and draw.tiers_most) then
    return false
  end
  for tier in pairs(draw.tiers_most) do
    part.numbers[#part.numbers + 1] = draw.wins .. '/' .. tier
  end
  part.numbers[#part.numbers + 1] = draw.wins
  if draw.memory then
    read_record(part, draw.last_spin, 'losses')
  end
  return prize_of(draw, draw.fallback)
end

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
  local losses = draw.memory and string.match(deal.values[draw.last_spin] or '', RECORDS.losses)
  return tonumber(losses or 0)
end

-- A prize promised after so many losing spins, where it can be given; nil otherwise, and the key of what is not readable.
local function guaranteed(deal, draw)
  local losses = losing_spins(deal, draw)
  for i = 1, #draw.guarantees do
    if losses >= draw.guarantees[i].after then
      local prize = prize_of(draw, draw.guarantees[i].id)
      local why = prize and obstacle(deal, draw, prize)
      if not why then
        return nil, KEYS[draw.index + (prize and 2 or 1)]
      end
      if why == '' then
        return prize
      end
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
  if not draw.chain then
    local values, hash = fetch(draw.index + 2, 'chain')
    draw.chain = values and hash
  end
  return draw.chain
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
  local prize, spoiled
  if #draw.guarantees > 0 then
    prize, spoiled = guaranteed(deal, draw)
  end
  local why = 'guaranteed'
  if spoiled then
    return nil, 'X;' .. spoiled
  end
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
