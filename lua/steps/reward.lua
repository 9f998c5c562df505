--[[
  purpose: step 8, what a decision gives: balances, entitlements, a doubler; noted now, usable once journaled
  KEYS:    the user's hash
  Returns: deal_put(deal, field, value); parse_reward(text) -> list of gives or nil; reward_fields(fields, reward, part); reward_cards(reward, part); give_reward(deal, reward);
           doubler_of(values, part) -> the card in force or nil
]]
local rewards = {}
-- A user holds no more at once: the oldest goes.
local MOST_CARDS = 20

-- Notes what is written to a field of the user's hash.
local function deal_put(deal, field, value)
  deal.puts = deal.puts or {}
  deal.puts[field] = value
end

-- `unit field amount capPerDay multiplied`, of a doubler also `hours activities`; joined by commas.
local function parse_entry(packed)
  local unit, field, amount, cap, multiplied, rest = string.match(packed, '^(%S+) (%S+) (%d+) (%d+) ([01])(.*)$')
  local hours, names = string.match(rest or '', '^ (%d+) (%S+)$')
  if not unit or not whole(amount) or not whole(cap) or not whole(hours) or (not hours and rest ~= '') then
    return nil
  end
  return {
    unit = unit,
    field = field,
    amount = tonumber(amount),
    cap = tonumber(cap),
    multiplied = multiplied == '1',
    hours = hours and tonumber(hours),
    activities = names ~= '-' and names or '',
  }
end

local function parse_reward(packed)
  local known = rewards[packed]
  if known == nil then
    known = {}
    for entry in string.gmatch(packed, '[^,]+') do
      known[#known + 1] = parse_entry(entry)
      if not known[#known] then
        rewards[packed] = false
        return nil
      end
      -- a constant reward is the same JSON for everybody, so decisions may share it
      known.varies = known.varies or known[#known].cap > 0 or known[#known].multiplied
      known.doubles = known.doubles or known[#known].multiplied
    end
    rewards[packed] = known
  end
  return known or nil
end

-- The counter of extra chances credited today: `ch:<campaign>/<draw>` -> `cx:<campaign>/<draw>@<day>`.
local function cap_field(entry, part)
  return 'cx' .. string.sub(entry.field, 3) .. '@' .. part.today
end

-- Notes the cards of a user's hash that a reward adds to.
local function reward_cards(reward, part)
  for i = 1, #reward do
    if reward[i].hours then
      read_record(part, reward[i].field, 'doubler')
    end
  end
end

-- Notes the counters of a user's hash that a reward looks at.
local function reward_fields(fields, reward, part)
  for i = 1, #reward do
    local entry = reward[i]
    if not entry.hours then
      fields[#fields + 1] = entry.field
    end
    if entry.cap > 0 then
      fields[#fields + 1] = cap_field(entry, part)
    end
  end
end

-- Of the cards that a user holds, `until;factor;activities;frame;sequence` joined by commas, the best one that is in force for
-- this activity: each holds for as long and for what it was given for.
local function doubler_of(values, part)
  local wanted, best = '+' .. part.activity_id .. '+', nil
  for card in string.gmatch(values[part.doubler] or '', '[^,]+') do
    local ends, factor, names, id = string.match(card, RECORDS.doubler.head)
    local is_for = names == '' or string.find('+' .. names .. '+', wanted, 1, true)
    if is_for and tonumber(ends) > part.now and (not best or tonumber(factor) > best.factor) then
      best = { factor = tonumber(factor), frame = id }
    end
  end
  return best
end

-- What the record of a win says, so that it can be taken back; nothing of it as well, for a prize that credits is given.
local function note_given(deal, entry, amount)
  if not deal.part.draw then
    return
  end
  local given = entry.unit .. ' ' .. entry.field .. ' ' .. text(amount)
  deal.given = deal.given and deal.given .. ',' .. given or given
end

-- The cards that are still in force, the oldest first, and a new one.
local function with_card(deal, field, new)
  local held = deal.puts and deal.puts[field] or fetch(deal.user_index, field)[field]
  local cards = {}
  for card in string.gmatch(held or '', '[^,]+') do
    if tonumber(string.match(card, '^%d+')) > deal.part.now then
      cards[#cards + 1] = card
    end
  end
  cards[#cards + 1] = new
  return table.concat(cards, ',', math.max(1, #cards - MOST_CARDS + 1))
end

local function give_doubler(deal, entry)
  local ends = text(deal.part.now + entry.hours * 3600000)
  local card = ends
    .. ';'
    .. text(entry.amount)
    .. ';'
    .. entry.activities
    .. ';'
    .. deal.frame.id
    .. ';'
    .. next_sequence(deal.frame)
  deal_put(deal, entry.field, with_card(deal, entry.field, card))
  deal.moves = deal.moves .. '|' .. entry.unit .. ' ' .. text(entry.amount) .. ' ' .. ends
  note_given(deal, entry, entry.amount)
end

-- What is left of the day's cap for this entry.
local function capped(deal, entry, amount)
  local field = cap_field(entry, deal.part)
  local credited = whole(deal.values[field]) + (deal.adds[field] or 0)
  local rest = math.max(0, math.min(amount, entry.cap - credited))
  if rest < amount then
    deal.capped = entry.unit
  end
  if rest > 0 then
    deal.adds[field] = (deal.adds[field] or 0) + rest
  end
  return rest
end

local function give_entry(deal, entry)
  if entry.hours then
    return give_doubler(deal, entry)
  end
  local amount = entry.amount
  if entry.multiplied and deal.doubler then
    deal.factor = deal.doubler.factor
    amount = amount * deal.factor
  end
  if entry.cap > 0 then
    amount = capped(deal, entry, amount)
  end
  local gives, field = deal.gives or {}, entry.field
  deal.gives = gives
  gives[field] = (gives[field] or 0) + amount
  local after = whole(deal.values[field]) + (deal.adds[field] or 0) + gives[field]
  deal.moves = deal.moves .. '|' .. entry.unit .. ' ' .. text(amount) .. ' ' .. text(after)
  note_given(deal, entry, amount)
end

local function give_reward(deal, reward)
  for i = 1, #reward do
    give_entry(deal, reward[i])
  end
end
