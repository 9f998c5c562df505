--[[
  purpose: step 8, what a decision gives: balances, entitlements, a doubler; noted now, usable once journaled
  KEYS:    the user's hash
  Returns: parse_reward(text) -> list of gives or nil; push_reward_fields(fields, reward, terms);
           read_reward(terms, reward); check_doubler(attempt) -> W and the frame, or nil; give_reward(attempt, reward);
           give_entry(attempt, entry)
]]
local rewards = {}
-- The most cards that a user holds at once: the oldest goes.
local MOST_CARDS = 20

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
      -- a constant reward has the same JSON for every user, so decisions may share it
      known.varies = known.varies or known[#known].cap > 0 or known[#known].multiplied
      known.doubles = known.doubles or known[#known].multiplied
    end
    rewards[packed] = known
  end
  return known or nil
end

-- The counter of extra chances credited today: `ch:<campaign>/<draw>` -> `cx:<campaign>/<draw>@<day>`.
local function cap_field(entry, terms)
  return 'cx' .. string.sub(entry.field, 3) .. '@' .. terms.today
end

-- Adds to a list the counters of a user's hash that a reward adds to.
local function push_reward_fields(fields, reward, terms)
  for i = 1, #reward do
    local entry = reward[i]
    if not entry.hours then
      fields[#fields + 1] = entry.field
    end
    if entry.cap > 0 then
      fields[#fields + 1] = cap_field(entry, terms)
    end
  end
end

-- Notes which fields of a user's hash a reward needs: counters, cards that it adds to, and cards that multiply it.
local function read_reward(terms, reward)
  push_reward_fields(terms.numbers, reward, terms)
  for i = 1, #reward do
    if reward[i].hours then
      read_record(terms, reward[i].field, 'doubler')
    end
  end
  terms.doubles = terms.doubles or reward.doubles
end

-- Returns the best of a user's cards (`until;factor;activities;frame;sequence` joined by commas) that is in force for this
-- activity: each card applies until its own end and to its own activities.
local function doubler_of(values, terms)
  local wanted, best = '+' .. terms.activity_id .. '+', nil
  for card in string.gmatch(values[terms.doubler] or '', '[^,]+') do
    local ends, factor, names, id = string.match(card, RECORDS.doubler.head)
    local is_for = names == '' or string.find('+' .. names .. '+', wanted, 1, true)
    if is_for and tonumber(ends) > terms.now and (not best or tonumber(factor) > best.factor) then
      best = { factor = tonumber(factor), frame = id }
    end
  end
  return best
end

-- Notes the card that multiplies the reward, or returns the frame that it waits for.
local function check_doubler(attempt)
  local card = doubler_of(attempt.values, attempt.terms)
  attempt.doubler = card
  return card and waits_for(attempt.frame, card.frame) and 'W;' .. card.frame or nil
end

-- Notes in the record of a win what it gave, so that it can be taken back; also an amount of 0, because the prize was given.
local function note_given(attempt, entry, amount)
  if not attempt.terms.prizes then
    return
  end
  local given = entry.unit .. ' ' .. entry.field .. ' ' .. text(amount)
  attempt.given = attempt.given and attempt.given .. ',' .. given or given
end

-- The cards that are still in force, oldest first, and a new one.
local function with_card(attempt, field, new)
  local held = attempt.puts and attempt.puts[field] or fetch(attempt.user_index, field)[field]
  local cards = {}
  for card in string.gmatch(held or '', '[^,]+') do
    if tonumber(string.match(card, '^%d+')) > attempt.terms.now then
      cards[#cards + 1] = card
    end
  end
  cards[#cards + 1] = new
  return table.concat(cards, ',', math.max(1, #cards - MOST_CARDS + 1))
end

local function give_doubler(attempt, entry)
  local ends = text(attempt.terms.now + entry.hours * 3600000)
  local card = ends
    .. ';'
    .. text(entry.amount)
    .. ';'
    .. entry.activities
    .. ';'
    .. attempt.frame.id
    .. ';'
    .. next_sequence(attempt.frame)
  note_put(attempt, entry.field, with_card(attempt, entry.field, card))
  attempt.moves = attempt.moves .. '|' .. entry.unit .. ' ' .. text(entry.amount) .. ' ' .. ends
  note_given(attempt, entry, entry.amount)
end

-- The amount that the day's cap leaves for this entry.
local function capped(attempt, entry, amount)
  local field = cap_field(entry, attempt.terms)
  local credited = whole(attempt.values[field]) + (attempt.adds[field] or 0)
  local rest = math.max(0, math.min(amount, entry.cap - credited))
  if rest < amount then
    attempt.capped = entry.unit
  end
  if rest > 0 then
    attempt.adds[field] = (attempt.adds[field] or 0) + rest
  end
  return rest
end

local function give_entry(attempt, entry)
  if entry.hours then
    return give_doubler(attempt, entry)
  end
  local amount = entry.amount
  if entry.multiplied and attempt.doubler then
    attempt.factor = attempt.doubler.factor
    amount = amount * attempt.factor
  end
  if entry.cap > 0 then
    amount = capped(attempt, entry, amount)
  end
  local gives, field = attempt.gives or {}, entry.field
  attempt.gives = gives
  gives[field] = (gives[field] or 0) + amount
  local after = whole(attempt.values[field]) + (attempt.adds[field] or 0) + gives[field]
  attempt.moves = attempt.moves .. '|' .. entry.unit .. ' ' .. text(amount) .. ' ' .. text(after)
  note_given(attempt, entry, amount)
end

local function give_reward(attempt, reward)
  if attempt.withheld then
    return
  end
  for i = 1, #reward do
    give_entry(attempt, reward[i])
  end
end
