--[[
  purpose: whole numbers as Redis counts them, and as text
  KEYS:    none
  Returns: text(number); MOST, the largest that may stand in a hash; whole(value), natural(value) -> the number, nil when it is
           none; numbers_are_whole(fields, values) -> false when one of them is none
]]
-- Whole numbers go out as text, without the exponent that Lua would write from 1e15 on. Formatting costs 0.25 us (0.45 with
-- %.0f), as much as five table accesses, so small numbers are remembered and large ones are formatted once a command.
local SMALL = {}

local function text(value)
  local known = SMALL[value]
  if not known then
    known = string.format('%d', value)
    if value < 100 then
      SMALL[value] = known
    end
  end
  return known
end

-- The largest number that may stand in a hash: one digit less than those that Lua cannot count exactly.
local MOST = 999999999999999

-- A value that must be a whole number as Redis counts them; nil when it is something else, such as `1e3`, `5.0` or `-0`,
-- on which HINCRBY would fail with half a frame written. An absent counter is 0, a number comes from the overlay.
local function whole(value)
  if not value then
    return 0
  end
  if type(value) == 'number' then
    return value
  end
  local number = (value == '0' or string.find(value, '^%-?[1-9]%d*$')) and tonumber(value)
  return number and number <= MOST and number >= -MOST and number or nil
end

-- As whole, of at least 0.
local function natural(value)
  local number = whole(value)
  return number and number >= 0 and number or nil
end

-- Those that are there become numbers, so that nobody has to look at their text again.
local function numbers_are_whole(fields, values)
  for i = 1, #fields do
    local field = fields[i]
    local value = values[field]
    if value then
      local checked = whole(value)
      if not checked then
        return false
      end
      values[field] = checked
    end
  end
  return true
end
