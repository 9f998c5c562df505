--[[
  purpose: step 7 where chance decides: the number, the prize that it means by the full published weights, and what is given
           instead when that is exhausted, not released yet, capped or not open to this user: the fallback, never other weights
  KEYS:    stock (s:): `chain`, the activity's last number
  Returns: pick_prize(attempt, drawn) -> prize and sub-prize or nil; or nil and the refusal; or, when the prize is not in this shard, the
           prize, the digits that were rolled, and U or LACKS. It notes the number and why this prize in the attempt. `drawn`: the
           digits of a spin that is finished; note_drawn(attempt, digits, left) keeps them; read_drawn(attempt) -> digits and left, nil
           when that spin is finished
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
-- activity's previous number. So neither can search for a lucky key beforehand. Returns nil and the refusal where rules or stock are
-- not readable.
local function roll(attempt, prizes)
  local set, chain = weights_for(prizes, attempt.level), chain_of(prizes)
  if not set or not chain then
    return nil, 'X;' .. KEYS[prizes.index + (chain and 1 or 2)]
  end
  local previous = chain.values.chain or ''
  local digits = redis.sha1hex(attempt.random .. ';' .. EPOCH .. '-' .. next_sequence(attempt.frame) .. ';' .. previous)
  local number = string.sub(digits, 1, 13)
  attempt.chain, attempt.number, attempt.previous = chain, number, previous
  attempt.picked = pick(prizes, set, tonumber(number, 16))
  return digits
end

-- `drawn`: what was rolled then counts, whatever the weights are now.
local function pick_prize(attempt, drawn)
  local prizes = attempt.terms.prizes
  local digits, because = drawn, nil
  if not drawn then
    digits, because = roll(attempt, prizes)
    if not digits then
      return nil, because
    end
  end
  local prize, why = nil, 'guaranteed'
  if #prizes.guarantees > 0 then
    prize, because = guaranteed(attempt, prizes)
    if because and not prize then
      return nil, 'X;' .. because
    end
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
  attempt.why = why
  if because then
    return prize, digits, because
  end
  return prize, prize.subs.total > 0 and pick_sub(prize, tonumber(string.sub(digits, 14, 26), 16)) or nil
end

-- Keeps with the user what was rolled, until it is finished.
local function note_drawn(attempt, digits, left)
  local frame = attempt.frame
  local place = frame.id .. ';' .. next_sequence(frame) .. ';'
  local rolled = string.sub(digits, 1, 26) .. ';' .. attempt.previous .. ';' .. attempt.picked
  note_put(attempt, attempt.terms.prizes.drawn, place .. rolled .. ';' .. text(attempt.level) .. ';' .. left)
end

-- The spin that `about` names, as it was rolled: its digits and the daily chances left; nil when another one is the user's drawn
-- spin, or none.
local function read_drawn(attempt)
  local field = attempt.terms.prizes.drawn
  local id, sequence, digits, previous, picked, level, left = head_of(field and attempt.values[field], RECORDS.drawn)
  if not id or string.match(id, '^%d+') .. '-' .. sequence ~= attempt.about then
    return nil
  end
  attempt.number, attempt.previous, attempt.picked = string.sub(digits, 1, 13), previous, picked
  attempt.level = tonumber(level)
  return digits, left
end
