--[[
  purpose: step 7 where chance decides: the number, the prize that it means by the full published weights, and what is given
           instead when that is exhausted, not released yet, capped or not open to this user: the fallback, never other weights
  KEYS:    stock (s:): `chain`, the activity's last number
  Returns: pick_prize(attempt) and pick_again(attempt, drawn) -> prize and sub-prize or nil; or nil and the refusal. They note the number and
           why this prize in the attempt, and in `missing` U or LACKS when it is not in this shard; note_drawn(attempt, left) and
           read_drawn(attempt) -> what pick_again needs, nil when that is finished
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

-- The prize of an attempt whose digits and picked prize are known, and its sub-prize.
local function choose(attempt, prizes)
  local prize, because
  if #prizes.guarantees > 0 then
    prize, because = guaranteed(attempt, prizes)
  end
  local why = 'guaranteed'
  if because and not prize then
    return nil, 'X;' .. because
  end
  if not prize then
    prize = prize_of(prizes, attempt.picked)
    if not prize then
      return nil, 'X;' .. KEYS[prizes.index + 1]
    end
    why, because = obstacle(attempt, prizes, prize)
    if not why then
      return nil, 'X;' .. because
    end
    if why == 'elsewhere' then
      why = ''
    elseif why ~= '' then
      prize, because = prize_of(prizes, prizes.fallback), nil
    end
  end
  attempt.number, attempt.why, attempt.missing = string.sub(attempt.digits, 1, 13), why, because or false
  local sub = prize.subs.total > 0 and pick_sub(prize, tonumber(string.sub(attempt.digits, 14, 26), 16)) or nil
  return prize, sub
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
  attempt.chain, attempt.digits, attempt.previous = chain, digest, previous
  attempt.picked = pick(prizes, set, tonumber(number, 16))
  return choose(attempt, prizes)
end

-- Keeps with the user what was rolled, until it is finished.
local function note_drawn(attempt, left)
  local frame = attempt.frame
  local place = frame.id .. ';' .. next_sequence(frame) .. ';'
  local rolled = string.sub(attempt.digits, 1, 26) .. ';' .. attempt.previous .. ';' .. attempt.picked
  note_put(attempt, attempt.terms.prizes.drawn, place .. rolled .. ';' .. text(attempt.level) .. ';' .. left)
end

-- The spin that `about` names, as it was rolled; nil when another one is the user's drawn spin, or none.
local function read_drawn(attempt)
  local field = attempt.terms.prizes.drawn
  local id, sequence, digits, previous, picked, level, left = head_of(field and attempt.values[field], RECORDS.drawn)
  if not id or string.match(id, '^%d+') .. '-' .. sequence ~= attempt.about then
    return nil
  end
  attempt.level = tonumber(level)
  return { digits = digits, previous = previous, picked = picked, left = left }
end

-- By the number that was rolled then, whatever the weights are now.
local function pick_again(attempt, drawn)
  attempt.digits, attempt.previous, attempt.picked = drawn.digits, drawn.previous, drawn.picked
  return choose(attempt, attempt.terms.prizes)
end
