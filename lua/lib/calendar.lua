--[[
  purpose: local days of a campaign, from the offsets of its time zone (field zone of c:, records of 18 characters: 13
           digits of ms, sign and four digits of minutes): a day is a number, days since 1970 on the wall calendar
  Returns: local_day(zone, now) -> number or nil; day_end(zone, now) -> ms at which the next local day begins
]]
local ZONE_WIDTH = 18
local DAY_MS = 86400000

-- The offset in ms of record `number`; a time before the first record has its offset; nil when there is no such record.
local function zone_offset(zone, number)
  local from = (math.max(number, 1) - 1) * ZONE_WIDTH
  local minutes = tonumber(string.sub(zone, from + 14, from + ZONE_WIDTH))
  return minutes and minutes * 60000
end

local function local_day(zone, now)
  local number = last_at(zone, ZONE_WIDTH, now)
  local offset = number and zone_offset(zone, number)
  return offset and math.floor((now + offset) / DAY_MS)
end

-- A change of the offset may lie between now and midnight, or at midnight itself.
local function day_end(zone, now)
  local number = last_at(zone, ZONE_WIDTH, now)
  local midnight = (local_day(zone, now) + 1) * DAY_MS
  local ends = midnight - zone_offset(zone, number)
  local change = record_time(zone, ZONE_WIDTH, number + 1)
  if change and change <= ends then
    return math.max(change, midnight - zone_offset(zone, number + 1))
  end
  return ends
end
