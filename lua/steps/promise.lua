--[[
  purpose: prizes promised after so many losing spins, and what a user remembers for them
  KEYS:    the user's hash
  Returns: guaranteed(deal, draw) -> the promised prize or nil, and the key of what is not readable; note_losses(deal, draw, prize, won)
]]
-- Since the user's last win of this prize or of one of a better tier.
local function losing_spins(deal, draw, prize)
  local record = draw.memory and deal.values[draw.last_spin] or ''
  local before = 0
  for item in string.gmatch(record, ',([^,]*)') do
    local tier, id, losses = string.match(item, RECORDS.losses.item)
    if id == prize.id or tonumber(tier) < tonumber(prize.tier) then
      before = math.max(before, tonumber(losses))
    end
  end
  return tonumber(head_of(record, RECORDS.losses) or 0) - before
end

-- A prize promised after so many losing spins, where it can be given; nil otherwise, and the key of what is not readable.
local function guaranteed(deal, draw)
  for i = 1, #draw.guarantees do
    local prize = prize_of(draw, draw.guarantees[i].id)
    if not prize then
      return nil, KEYS[draw.index + 1]
    end
    if losing_spins(deal, draw, prize) >= draw.guarantees[i].after then
      local why, spoiled = obstacle(deal, draw, prize)
      if not why then
        return nil, spoiled
      end
      if why == '' then
        return prize
      end
    end
  end
  return nil
end

-- A win says of its prize how many losing spins there were until then; what is said of worse tiers says nothing more then,
-- and neither does what is said of its own tier, but for prizes that are promised.
local function note_losses(deal, draw, prize, won)
  local record = deal.values[draw.last_spin] or ''
  local losses = tonumber(head_of(record, RECORDS.losses) or 0) + (won and 0 or 1)
  local wins = won and ',' .. prize.tier .. ':' .. prize.id .. ':' .. text(losses) or ''
  for item in string.gmatch(record, ',([^,]*)') do
    local tier, id = string.match(item, RECORDS.losses.item)
    local behind = tonumber(tier) - tonumber(prize.tier)
    if not won or behind < 0 or (behind == 0 and id ~= prize.id and draw.promised[id]) then
      wins = wins .. ',' .. item
    end
  end
  deal_put(deal, draw.last_spin, text(losses) .. ';' .. deal.frame.id .. wins)
end
