--[[
  purpose: prizes promised after so many losing spins, and the user's record of losing spins
  KEYS:    the user's hash
  Returns: check_losses(attempt) -> W and the frame, or nil; guaranteed(attempt, prizes) -> the promised prize or nil, and the
           key of what is not readable, or U or LACKS when the prize is not in this shard; note_losses(attempt, prizes, prize, won)
]]
local function check_losses(attempt)
  local prizes = attempt.terms.prizes
  local _, last = head_of(prizes.memory and attempt.values[prizes.last_spin], RECORDS.losses)
  return last and waits_for(attempt.frame, last) and 'W;' .. last or nil
end

-- Losing spins since the user's last win of this prize or of one of a better tier.
local function losing_spins(attempt, prizes, prize)
  local record = prizes.memory and attempt.values[prizes.last_spin] or ''
  local before = 0
  for item in string.gmatch(record, ',([^,]*)') do
    local tier, id, losses = string.match(item, RECORDS.losses.item)
    if id == prize.id or tonumber(tier) < tonumber(prize.tier) then
      before = math.max(before, tonumber(losses))
    end
  end
  return tonumber(head_of(record, RECORDS.losses) or 0) - before
end

-- The prize promised after so many losing spins, when it can be given; nil otherwise, and the key of what is not readable. One that is
-- in another shard does not yield to what the number means.
local function guaranteed(attempt, prizes)
  for i = 1, #prizes.guarantees do
    local prize = prize_of(prizes, prizes.guarantees[i].id)
    if not prize then
      return nil, KEYS[prizes.index + 1]
    end
    if losing_spins(attempt, prizes, prize) >= prizes.guarantees[i].after then
      local why, because = obstacle(attempt, prizes, prize)
      if not why then
        return nil, because
      end
      if why == '' or why == 'elsewhere' then
        return prize, because
      end
    end
  end
  return nil
end

-- A win notes how many losing spins there were before it. Notes about worse tiers no longer matter then, and neither do those about
-- its own tier, except for promised prizes.
local function note_losses(attempt, prizes, prize, won)
  local record = attempt.values[prizes.last_spin] or ''
  local losses = tonumber(head_of(record, RECORDS.losses) or 0) + (won and 0 or 1)
  local wins = won and ',' .. prize.tier .. ':' .. prize.id .. ':' .. text(losses) or ''
  for item in string.gmatch(record, ',([^,]*)') do
    local tier, id = string.match(item, RECORDS.losses.item)
    local behind = tonumber(tier) - tonumber(prize.tier)
    if not won or behind < 0 or (behind == 0 and id ~= prize.id and prizes.promised[id]) then
      wins = wins .. ',' .. item
    end
  end
  note_put(attempt, prizes.last_spin, text(losses) .. ';' .. attempt.frame.id .. wins)
end
