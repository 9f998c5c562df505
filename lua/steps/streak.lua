--[[
  purpose: what days in a row give, the same for the same days in whatever order they are told: each completion gives what is
           due by now less what was given
  KEYS:    the user's hash: `<task>@<day>` of each day that counts, and the record of the streak
  Returns: give_streak(deal) -> length of the row with this day as text, '1' with a bonus or '0'; nil when a day is not readable
]]
local DAYS_AT_ONCE = 32

-- Days in a row that are done beside this one, before it (-1) or after it (1).
local function days_beside(deal, step)
  local part, found = deal.part, 0
  while true do
    local names = {}
    for i = 1, DAYS_AT_ONCE do
      names[i] = part.times .. '@' .. text(part.today + step * (found + i))
    end
    local values = fetch(deal.user_index, unpack(names))
    if not values then
      return nil
    end
    for i = 1, DAYS_AT_ONCE do
      local times = whole(values[names[i]])
      if not times then
        return nil
      elseif times < 1 then
        return found
      end
      found = found + 1
    end
  end
end

-- How often a row of days reaches a step: after the longest one counting starts anew.
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

-- What is due by the steps of a row that this day makes of the two beside it. Where it joins two of them a short step may have
-- been reached once too often: less of that unit is given then, or of what is due later, and nothing is taken back.
local function due_entries(deal, before, after, surplus)
  local steps, entries, by_field, reached = deal.part.steps, {}, {}, false
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

-- The record tells of the latest day and the row that ends with it, so the usual day costs no look at others.
local function rows_beside(deal, day, length)
  local today = deal.part.today
  if not day or day < today then
    return day == today - 1 and length or 0, 0
  end
  return days_beside(deal, -1), days_beside(deal, 1)
end

local function give_streak(deal)
  local part = deal.part
  local record = deal.values[part.streak]
  local day, length = head_of(record, RECORDS.streak)
  day, length = tonumber(day), tonumber(length)
  local before, after = rows_beside(deal, day, length)
  if not before or not after then
    return nil
  end
  local surplus = read_surplus(record)
  local entries, reached = due_entries(deal, before, after, surplus)
  for i = 1, #entries do
    if entries[i].amount > 0 then
      give_entry(deal, entries[i])
    end
  end
  local row = before + 1 + after
  local latest = day and day > part.today and day or part.today
  local ends_here = latest == part.today + after
  local head = text(latest) .. ';' .. text(ends_here and row or length) .. ';' .. deal.frame.id
  deal_put(deal, part.streak, head .. surplus_text(surplus))
  return text(row), reached and '1' or '0'
end
