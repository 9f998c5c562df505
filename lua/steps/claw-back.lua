--[[
  purpose: takes back what a decision gave, as far as it is still there, and notes what is missing
  KEYS:    the user's hash
  Returns: claw_back(given, request, changes, frame) -> false when the user's hash is not readable; `given` is `<unit> <field>
           <amount>,...`; the request names user_index and given_by, the decision (`<epoch>-<sequence>`); adds, puts, moves and facts
           of the changes are added to
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

local function claw_back(given, request, changes, frame)
  for unit, field, amount in string.gmatch(given, '([^ ,]+) (%S+) (%d+)') do
    local values = fetch(request.user_index, field)
    local value = values and values[field]
    if string.sub(field, 1, 3) == 'db:' then
      if not values or not is_record(value, RECORDS.doubler) then
        return false
      end
      local rest = without_cards(value or '', request.given_by)
      if rest ~= (value or '') then
        changes.puts[field] = rest
      end
    elseif not values or not whole(value) then
      return false
    elseif amount ~= '0' then
      local missing =
        take_back(changes, unit, field, math.max(0, whole(value) + (changes.adds[field] or 0)), tonumber(amount))
      if missing > 0 and string.sub(field, 1, 2) == 'e:' and not owe_right(changes, request, field, missing, frame) then
        return false
      end
    end
  end
  return true
end
