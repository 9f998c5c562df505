--[[
  purpose: the decision under a key, without deciding anything; a frame that is not journaled yet comes with it
  KEYS:    index of the user
  FIELDS:  user index, key
  Returns: the reply of a replay, or N
]]
local function query(at, frame)
  local fields, after = take_fields(at, 2)
  local user_index, key = tonumber(fields[1]), fields[2]
  local values = fetch(user_index, key)
  if not values then
    return 'X;' .. KEYS[user_index], after
  end
  return replay_with_record(frame, user_index, values, key, '') or 'N', after
end
