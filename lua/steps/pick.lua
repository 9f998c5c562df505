--[[
  purpose: step 7 where chance decides: the number, the prize that it means by the full published weights, and what is given
           instead when that is exhausted, not released yet, capped or not open to this user: the fallback, never other weights
  KEYS:    stock (s:): `chain`, the activity's last number
  Returns: pick_prize(attempt) -> prize and sub-prize or nil; or nil and the refusal. Notes the number and why this prize in the
           attempt
]]
local function pick(prizes, set, number)
  local at = math.fmod(number, set.total)
  for i = 1, #set do
    if at < set[i] then
      return prizes.ids[i]
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

local function chain_of(prizes)
  if not prizes.chain then
    local values, hash = fetch(prizes.index + 2, 'chain')
    prizes.chain = values and hash
  end
  return prizes.chain
end

-- The number is the gateway's HMAC of a secret seed, mixed with values that neither gateway nor user can choose: the sequence and the
-- activity's previous number. So neither can search for a lucky key beforehand.
local function pick_prize(attempt)
  local prizes = attempt.terms.prizes
  local set, chain = weights_for(prizes, attempt.level), chain_of(prizes)
  if not set or not chain then
    return nil, 'X;' .. KEYS[prizes.index + (chain and 1 or 2)]
  end
  local previous = chain.values.chain or ''
  local digest = redis.sha1hex(attempt.random .. ';' .. EPOCH .. '-' .. next_sequence(attempt.frame) .. ';' .. previous)
  local number = string.sub(digest, 1, 13)
  local picked = pick(prizes, set, tonumber(number, 16))
  local prize, spoiled
  if #prizes.guarantees > 0 then
    prize, spoiled = guaranteed(attempt, prizes)
  end
  local why = 'guaranteed'
  if spoiled then
    return nil, 'X;' .. spoiled
  end
  if not prize then
    prize = prize_of(prizes, picked)
    if not prize then
      return nil, 'X;' .. KEYS[prizes.index + 1]
    end
    why, spoiled = obstacle(attempt, prizes, prize)
    if not why then
      return nil, 'X;' .. spoiled
    end
    prize = why == '' and prize or prize_of(prizes, prizes.fallback)
  end
  local sub = prize.subs.total > 0 and pick_sub(prize, tonumber(string.sub(digest, 14, 26), 16)) or nil
  attempt.chain, attempt.number, attempt.previous, attempt.picked, attempt.why = chain, number, previous, picked, why
  return prize, sub
end
