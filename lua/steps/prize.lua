--[[
  purpose: step 7 of a draw: the number, the prize that it means by the full published weights, and what is given instead
           when that is exhausted, not released yet, capped or not open to this user: the fallback, never other weights
  KEYS:    stock (s:): `chain`, the draw's last number
  Returns: take_prize(deal, draw_random, level) -> prize, or nil and the refusal
]]
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
    if not prize then
      return nil, 'X;' .. KEYS[draw.index + 1]
    end
    why, spoiled = obstacle(deal, draw, prize)
    if not why then
      return nil, 'X;' .. spoiled
    end
    prize = why == '' and prize or prize_of(draw, draw.fallback)
  end
  local sub = prize.subs.total > 0 and pick_sub(prize, tonumber(string.sub(digest, 14, 26), 16)) or nil
  deal.chain, deal.number, deal.previous, deal.picked, deal.why = chain, number, previous, picked, why
  return prize, sub
end
