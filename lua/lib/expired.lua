--[[
  purpose: what of a campaign's gifts to a user has expired. What it gave up to a moment, and what expired of it then, is one sum, whichever
           decision gave what expired; who takes gifts back counts it as taken back, once. So a user is left with the same, whether
           something is taken back before that moment or after it
  KEYS:    the user's hash
  Returns: read_expired(user_index, field, frame) -> { left, counted, up_to }, left 0 where nothing expired; or nil and the reply: X
           when the hash is not readable, W and the frame when the last change of it is not journaled yet. count_expired(expired,
           amount) -> how much of the amount has expired; expired_record(expired, frame) -> the value of the field
]]
local function read_expired(user_index, field, frame)
  local values = fetch(user_index, field)
  if not values or not is_record(values[field], RECORDS.expired) then
    return nil, 'X;' .. KEYS[user_index]
  end
  local left, counted, up_to, id = head_of(values[field], RECORDS.expired)
  if not left then
    return { left = 0, counted = 0, up_to = '' }
  end
  if waits_for(frame, id) then
    return nil, 'W;' .. id
  end
  return { left = tonumber(left), counted = tonumber(counted), up_to = up_to }
end

local function count_expired(expired, amount)
  local count = math.min(expired.left, amount)
  expired.left = expired.left - count
  return count
end

local function expired_record(expired, frame)
  return text(expired.left) .. ';' .. text(expired.counted) .. ';' .. expired.up_to .. ';' .. frame.id
end
