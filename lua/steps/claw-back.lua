--[[
  purpose: takes back what a decision gave, as far as it has not expired and is still there, and notes what is missing
  KEYS:    the user's hash
  Returns: claw_back(given, request, changes, frame) -> the reply where it can not: X when the user's hash is not readable, W and the
           frame when what has expired is not journaled yet; `given` is `<unit> <field> <amount>,...`; the request names user_index,
           campaign and given_by, the decision (`<epoch>-<sequence>`); adds, puts, moves and facts of the changes are added to
]]
-- The user's cards without those that this win gave; a card is `<until>;<factor>;<activities>;<epoch>-<batch>;<sequence>`.
local function without_cards(cards, entity)
  local rest = {}
  for card in string.gmatch(cards, '[^,]+') do
    local epoch, sequence = string.match(card, '(%d+)%-%d+;(%d+)$')
    if epoch .. '-' .. sequence ~= entity then
      rest[#rest + 1] = card
    end
  end
  return table.concat(rest, ',')
end

-- Takes at most what is there; notes and returns what is missing.
local function take_back(changes, unit, field, there, amount)
  local taken = math.min(there, amount)
  changes.adds[field] = (changes.adds[field] or 0) - taken
  changes.moves = changes.moves .. '|' .. unit .. ' ' .. text(-taken) .. ' ' .. text(there - taken)
  if taken < amount then
    changes.facts = changes.facts .. ',' .. unit .. ' ' .. text(amount - taken)
  end
  return amount - taken
end

-- A right to buy that is already used up cannot be taken back; the order that used it does not give it back later.
local function owe_right(changes, request, field, missing, frame)
  local owed = 'eo' .. string.sub(field, 2)
  local values = fetch(request.user_index, owed)
  if not values or not is_record(values[owed], RECORDS.owed) then
    return false
  end
  local before = head_of(changes.puts[owed] or values[owed], RECORDS.owed)
  changes.puts[owed] = text(tonumber(before or 0) + missing) .. ';' .. frame.id
  return true
end

-- Whether a decision, `<epoch>-<sequence>`, comes after another one.
local function comes_after(one, other)
  local epoch, sequence = string.match(one, '^(%d+)%-(%d+)$')
  local of, last = string.match(other, '^(%d+)%-(%d+)$')
  epoch, of = tonumber(epoch), tonumber(of)
  return epoch > of or epoch == of and tonumber(sequence) > tonumber(last)
end

-- Returns how much of what was given has expired, or nil and the reply.
local function expired_of(request, field, amount, changes, frame)
  local unit = string.match(field, '^b:([^/]+)$')
  if not unit then
    return 0
  end
  local name, reply = 'xp:' .. request.campaign .. '/' .. unit, nil
  local known = changes.expired or {}
  if not known[name] then
    known[name], reply = read_expired(request.user_index, name, frame)
  end
  changes.expired = known
  local expired = known[name]
  if not expired then
    return nil, reply
  end
  if expired.left == 0 or comes_after(request.given_by, expired.up_to) then
    return 0
  end
  local count = count_expired(expired, amount)
  changes.puts[name] = expired_record(expired, frame)
  return count
end

-- Takes back one amount. Returns the reply where it can not.
local function claw_back_amount(request, gift, changes, frame)
  local unit, field, amount = unpack(gift)
  local expired, reply = expired_of(request, field, amount, changes, frame)
  if not expired then
    return reply
  end
  local value = fetch(request.user_index, field)[field]
  local missing = 0
  if amount > expired then
    local there = math.max(0, whole(value) + (changes.adds[field] or 0))
    missing = take_back(changes, unit, field, there, amount - expired)
  end
  if missing > 0 and string.sub(field, 1, 2) == 'e:' and not owe_right(changes, request, field, missing, frame) then
    return 'X;' .. KEYS[request.user_index]
  end
  return nil
end

local function claw_back(given, request, changes, frame)
  for unit, field, amount in string.gmatch(given, '([^ ,]+) (%S+) (%d+)') do
    local values = fetch(request.user_index, field)
    local value = values and values[field]
    if string.sub(field, 1, 3) == 'db:' then
      if not values or not is_record(value, RECORDS.doubler) then
        return 'X;' .. KEYS[request.user_index]
      end
      local rest = without_cards(value or '', request.given_by)
      if rest ~= (value or '') then
        changes.puts[field] = rest
      end
    elseif not values or not whole(value) then
      return 'X;' .. KEYS[request.user_index]
    elseif amount ~= '0' then
      local reply = claw_back_amount(request, { unit, field, tonumber(amount) }, changes, frame)
      if reply then
        return reply
      end
    end
  end
  return nil
end
