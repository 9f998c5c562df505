--[[
  purpose: lists of records of one width in one hash field, sorted by the time in their first 13 digits: the record in force is found
           by bisection, without parsing a thousand sessions for each batch
  Returns: last_at(packed, width, now) -> index from 1 of the last record whose time is <= now, 0 when there is none, nil
           when these are no such records; record_time(packed, width, index) -> its time, nil when there is none
]]
local function record_time(packed, width, index)
  local from = (index - 1) * width + 1
  return tonumber(string.sub(packed, from, from + 12))
end

local function last_at(packed, width, now)
  if #packed % width ~= 0 then
    return nil
  end
  local low, high = 0, #packed / width
  while low < high do
    local middle = math.ceil((low + high) / 2)
    local time = record_time(packed, width, middle)
    if not time then
      return nil
    elseif time <= now then
      low = middle
    else
      high = middle - 1
    end
  end
  return low
end
