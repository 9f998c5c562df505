--[[
  purpose: the rewards for days in a row, the same for the same days in whatever order they are reported: each completion gives
           what is due by now less what was given
  KEYS:    the user's hash: `n:<campaign>/<activity>@<day>` of each day that counts, and the record of the streak
  Returns: read_streak(terms, packed, days_off) -> false when the rules are not readable; `days_off`, of rows made of workdays: the
           days that are not what their weekday says, a comma on both sides of each, nothing where a row is made of all days; check_streak(attempt) -> W and the frame, or
           nil; give_streak(attempt) -> length of the row with this day as text, '1' with a bonus or '0'; '' and '0' where the
           terms have no streak or the day is off, nil when a day is not readable
]]
local DAYS_AT_ONCE = 32

-- Whether a day is off: of a weekend or listed, but not both. 1970-01-01, the day 0, was a Thursday.
local function is_off(terms, day)
  local listed = string.find(terms.days_off, ',' .. text(day) .. ',', 1, true) ~= nil
  return ((day + 3) % 7 >= 5) ~= listed
end

-- The day before (-1) or after (1) another one in a row.
local function next_in_row(terms, day, step)
  day = day + step
  while terms.days_off and is_off(terms, day) do
    day = day + step
  end
  return day
end

-- `<days>=<reward>;...`; nil when it is not readable
local function parse_streak(packed)
  local steps = { longest = 0 }
  for step in string.gmatch(packed, '[^;]+') do
    local days, reward = string.match(step, '^([1-9]%d*)=(.*)$')
    local parsed = days and parse_reward(reward)
    if not parsed then
      return nil
    end
    steps[#steps + 1] = { days = tonumber(days), reward = parsed }
    steps.longest = math.max(steps.longest, tonumber(days))
  end
  return steps
end

local function read_streak(terms, packed, days_off)
  local steps = parse_streak(packed)
  if not steps or (days_off and not string.find(days_off, '^,[%d,]*$')) then
    return false
  end
  terms.steps, terms.days_off = steps, days_off
  for i = 1, #steps do
    read_reward(terms, steps[i].reward)
  end
  if #steps > 0 then
    read_record(terms, terms.streak, 'streak')
  end
  return true
end

local function check_streak(attempt)
  local terms = attempt.terms
  local _, _, id = head_of(#terms.steps > 0 and attempt.values[terms.streak], RECORDS.streak)
  return id and waits_for(attempt.frame, id) and 'W;' .. id or nil
end

-- How many days in a row are done next to this one, before it (-1) or after it (1), and the farthest of them.
local function days_beside(attempt, step)
  local terms, found, farthest = attempt.terms, 0, attempt.terms.today
  while true do
    local days, names, day = {}, {}, farthest
    for i = 1, DAYS_AT_ONCE do
      day = next_in_row(terms, day, step)
      days[i], names[i] = day, terms.times .. '@' .. text(day)
    end
    local values = fetch(attempt.user_index, unpack(names))
    if not values then
      return nil
    end
    for i = 1, DAYS_AT_ONCE do
      local times = whole(values[names[i]])
      if not times then
        return nil
      elseif times < 1 then
        return found, farthest
      end
      found, farthest = found + 1, days[i]
    end
  end
end

-- How often a row of days reaches a step: after the longest step the count starts again.
local function times_reached(length, days, longest)
  return math.floor((length + longest - days) / longest)
end

local function without_amount(entry)
  local copy = {}
  for name, value in pairs(entry) do
    copy[name] = value
  end
  copy.amount = 0
  return copy
end

-- What is due by the steps of the row in which this day joins the two next to it. Where it joins two, a short step may have been
-- given once too often: this day or a later one then gives less of that unit, and nothing is taken back.
local function due_entries(attempt, before, after, surplus)
  local steps, entries, by_field, reached = attempt.terms.steps, {}, {}, false
  for i = 1, #steps do
    local function times(length)
      return times_reached(length, steps[i].days, steps.longest)
    end
    local change = times(before + 1 + after) - times(before) - times(after)
    reached = reached or change > 0
    for j = 1, change == 0 and 0 or #steps[i].reward do
      local entry = steps[i].reward[j]
      local due = not entry.hours and by_field[entry.field]
      if not due and (change > 0 or not entry.hours) then
        due = without_amount(entry)
        by_field[entry.field], entries[#entries + 1] = due, due
      end
      due = due or { amount = 0 }
      due.amount = entry.hours and entry.amount or due.amount + change * entry.amount
    end
  end
  for i = 1, #entries do
    local field = entries[i].field
    if not entries[i].hours then
      local amount = entries[i].amount - (surplus[field] or 0)
      surplus[field] = amount < 0 and -amount or nil
      entries[i].amount = math.max(0, amount)
    end
  end
  return entries, reached
end

local function read_surplus(record)
  local surplus = {}
  for item in string.gmatch(record or '', ',([^,]*)') do
    local field, amount = string.match(item, RECORDS.streak.item)
    surplus[field] = tonumber(amount)
  end
  return surplus
end

local function surplus_text(surplus)
  local items = {}
  for field, amount in pairs(surplus) do
    items[#items + 1] = ',' .. field .. ' ' .. text(amount)
  end
  table.sort(items)
  return table.concat(items)
end

-- How many days stand before and after this one in its row, and the row's last day. The record holds the latest day and the row
-- that ends with it, so the usual day needs no reads of other days.
local function rows_beside(attempt, day, length)
  local terms, today = attempt.terms, attempt.terms.today
  if not day or day < today then
    return day == next_in_row(terms, today, -1) and length or 0, 0, today
  end
  local before = days_beside(attempt, -1)
  return before, days_beside(attempt, 1)
end

local function give_streak(attempt)
  local terms = attempt.terms
  -- a day off gives its own reward: it neither breaks nor lengthens a row
  if #terms.steps == 0 or (terms.days_off and is_off(terms, terms.today)) then
    return '', '0'
  end
  local record = attempt.values[terms.streak]
  local day, length = head_of(record, RECORDS.streak)
  day, length = tonumber(day), tonumber(length)
  local before, after, last = rows_beside(attempt, day, length)
  if not before or not after then
    return nil
  end
  local surplus = read_surplus(record)
  local entries, reached = due_entries(attempt, before, after, surplus)
  for i = 1, #entries do
    if entries[i].amount > 0 then
      give_entry(attempt, entries[i])
    end
  end
  local row = before + 1 + after
  local latest = day and day > terms.today and day or terms.today
  local ends_here = latest == last
  local head = text(latest) .. ';' .. text(ends_here and row or length) .. ';' .. attempt.frame.id
  note_put(attempt, terms.streak, head .. surplus_text(surplus))
  return text(row), reached and '1' or '0'
end
