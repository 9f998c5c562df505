--[[
  purpose: the rules of prizes by chance, read once a batch
  KEYS:    activity (a:): `prizes`, `weights`, `guarantee`, caps, `prize:<id>`
  Returns: read_prizes(terms, rules, activity) -> false when they are not readable; weights_for(prizes, level); prize_of(prizes,
           id); parse_pools(packed, campaign_id) -> the keys of the prizes' code pools, nil when they are not readable
]]
local function parse_list(packed)
  local list = {}
  for entry in string.gmatch(packed or '', '[^,]+') do
    list[#list + 1] = entry
  end
  return list
end

-- `<w>,<w>...` as sums; nil when there are not as many weights as prizes, or all weights are 0.
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
local function weights_for(prizes, level)
  local set = prizes.sets[level]
  if set == nil then
    local found
    for name, packed in string.gmatch(prizes.weights, '(%d+):([^;]*)') do
      if tonumber(name) <= level then
        found = packed
      end
    end
    set = found and parse_weights(found, #prizes.ids) or false
    prizes.sets[level] = set
  end
  return set
end

-- `<id>~<weight>~<reward>|...`; nil when an entry is not readable
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
      lent = id .. ':lent',
      received = id .. ':received',
    }
  return prize and prize.min_spins and prize.claim_within and prize.reward and prize.subs and prize
end

-- Reads a prize when it is first picked in a batch.
local function prize_of(prizes, id)
  local prize = prizes.known[id]
  if prize == nil then
    local rule = 'prize:' .. id
    prize = parse_prize(id, fetch(prizes.index + 1, rule)[rule] or '') or false
    prizes.known[id] = prize
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

-- `<prize>:<pool>,...`: prizes that give a code when they are claimed; nil when it is not readable
local function parse_pools(packed, campaign_id)
  local pools = {}
  for entry in string.gmatch(packed, '[^,]+') do
    local prize, pool = string.match(entry, '^([^:]+):([^:]+)$')
    if not prize then
      return nil
    end
    pools[prize] = 's:' .. campaign_id .. ':pool/' .. pool
  end
  return pools
end

local function read_prizes(terms, rules, activity)
  local prizes = {
    index = activity.index,
    ids = parse_list(rules.prizes),
    weights = rules.weights or '',
    fallback = rules.fallback or '',
    guarantees = parse_guarantees(rules.guarantee or ''),
    memory = rules.memory == '1',
    wins_most = natural(rules.wins_per_campaign),
    tiers_most = parse_tiers(rules.wins_per_tier or ''),
    pools = parse_pools(rules.pools or '', terms.campaign_id),
    codes = {},
    wins = 'wn:' .. terms.id,
    last_spin = 'ls:' .. terms.id,
    -- one shard always knows
    drawn = HAS_PEERS and 'sd:' .. terms.id or nil,
    sets = {},
    known = {},
    promised = {},
  }
  for i = 1, #(prizes.guarantees or {}) do
    prizes.promised[prizes.guarantees[i].id] = true
  end
  terms.prizes = prizes
  if #prizes.ids == 0 or not (prizes.guarantees and prizes.wins_most and prizes.tiers_most and prizes.pools) then
    return false
  end
  for tier in pairs(prizes.tiers_most) do
    terms.numbers[#terms.numbers + 1] = prizes.wins .. '/' .. tier
  end
  terms.numbers[#terms.numbers + 1] = prizes.wins
  if prizes.memory then
    read_record(terms, prizes.last_spin, 'losses')
  end
  if prizes.drawn then
    read_record(terms, prizes.drawn, 'drawn')
  end
  return prize_of(prizes, prizes.fallback)
end
