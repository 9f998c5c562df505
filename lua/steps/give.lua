--[[
  purpose: step 8, what a decision gives: balances, entitlements, a doubler, a prize; noted now, usable once journaled
  KEYS:    the user's hash; for a prize also the activity (a:) and stock (s:)
  Returns: check_doubler(attempt) -> W and the frame, or nil; give_reward(attempt, reward); give_entry(attempt, entry);
           give_credit(attempt, type_name) -> true: what every credit gives and says about itself. A kind whose reward holds a
           prize needs nothing more: the win stands in the attempt, and where rules or stock of the prize are not readable,
           record_attempt answers so and writes nothing
]]
-- The most cards that a user holds at once: the oldest goes.
local MOST_CARDS = 20

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
  if entry.prize then
    return give_prize(attempt, entry)
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

-- The whole of `take` for an action that only credits name. A kind may name another type of decision for it.
local function give_credit(attempt, type_name)
  give_reward(attempt, attempt.terms.reward)
  attempt.type = type_name or 'reward.credited'
  attempt.facts = (attempt.withheld or attempt.capped or '') .. ',' .. attempt.about
  return true
end
