--[[
  purpose: takes what of a balance has expired: as much as Postgres summed, if the user has decided nothing that it lacks
  KEYS:    index of the user
  FIELDS:  user index, key, hash, type, head, newest decision (that Postgres has of the user: `<epoch>-<sequence>`, '' for none),
           balance field, amount (above 0)
  Returns: the reply and the place of the next command, its report the delta; R;CONFLICT when Postgres lacks a decision of the user,
           or what it counted is not there yet. Adjust is included before it
]]
-- Every decision of an earlier epoch was stored before this one was opened.
local function is_newest(user_index, values, known)
  local ring = ring_field(values.d or 0)
  local field = fetch(user_index, ring)[ring]
  if not field then
    return true
  end
  local epoch, sequence = string.match(fetch(user_index, field)[field] or '', '^[^;]*;(%d+);(%d+);')
  return epoch ~= EPOCH or epoch .. '-' .. sequence == known
end

local function expire(at, frame)
  local fields, after = take_fields(at, 8)
  local change =
    { user_index = tonumber(fields[1]), key = fields[2], hash = fields[3], type = fields[4], head = fields[5] }
  local field, amount = fields[7], tonumber(fields[8])
  local values, user = fetch(change.user_index, change.key, 'd', field)
  local reply = known_reply(frame, change, values)
  if reply then
    return reply, after
  end
  if not whole(values[field]) then
    return 'X;' .. KEYS[change.user_index], after
  end
  if whole(values[field]) < amount or not is_newest(change.user_index, values, fields[6]) then
    return 'R;CONFLICT', after
  end
  add(user, field, -amount)
  change.user = user
  return decide_change(frame, change, text(-amount), json_part('add', { u = { [field] = -amount } })), after
end
