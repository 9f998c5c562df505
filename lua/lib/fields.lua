--[[
  purpose: the fields of this batch's commands, each ended by a newline; a command reads its own from a place on
  Returns: COMMANDS_TEXT; NUMBERS, by text, those that to_number(field) has read: a call costs three times as much as a look; take_line(at) -> one field; take_fields(at, count) -> list of fields; the last two
           also return the place after
]]
local COMMANDS_TEXT = ARGV[6]
local NUMBERS = {}

-- The same places, quantities and levels come again and again.
local function to_number(field)
  local known = NUMBERS[field]
  if not known then
    known = tonumber(field)
    NUMBERS[field] = known
  end
  return known
end

-- For one long field: a pattern takes ten times as long for each byte as this search.
local function take_line(at)
  local ends = string.find(COMMANDS_TEXT, '\n', at, true)
  return string.sub(COMMANDS_TEXT, at, ends - 1), ends + 1
end

local function take_fields(at, count)
  local fields = {}
  for i = 1, count do
    fields[i], at = take_line(at)
  end
  return fields, at
end
