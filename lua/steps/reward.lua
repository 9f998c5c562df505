--[[
  purpose: what a reward consists of, as the rules of an activity say it, and the fields of a user's hash that it needs
  KEYS:    the user's hash
  Returns: parse_reward(text) -> list of gives or nil; push_reward_fields(fields, reward, terms);
           read_reward(terms, reward); cap_field(entry, terms)
]]
local rewards = {}

-- `unit field amount capPerDay multiplied`, of a doubler also `hours activities`; joined by commas. The unit of a prize is
-- `prize:<id>`, the name under which the rules of the activity hold it, and its field counts the user's wins of such prizes.
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
    prize = string.match(unit, '^prize:(.+)$'),
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
      local parsed = known[#known]
      known.varies = known.varies or parsed.cap > 0 or parsed.multiplied or parsed.prize ~= nil
      known.doubles = known.doubles or parsed.multiplied
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
