--[[
  purpose: takes what of a balance has expired: as much as Postgres summed, if the user has decided nothing that it lacks
  KEYS:    index of the user
  FIELDS:  user index, key, hash, type, head, newest decision (that Postgres has of the user: `<epoch>-<sequence>`, '' for none),
           balance field, amount (above 0), up to (the newest decision whose gift expires: `<epoch>-<sequence>`), expired field (notes
           how much has, for those who take such gifts back)
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
  local fields, after = take_fields(at, 10)
  local change =
    { user_index = tonumber(fields[1]), key = fields[2], hash = fields[3], type = fields[4], head = fields[5] }
  local field, amount, expired = fields[7], tonumber(fields[8]), fields[10]
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
  local known
  known, reply = read_expired(change.user_index, expired, frame)
  if not known then
    return reply, after
  end
  known.left, known.up_to = known.left + amount, fields[9]
  local record = expired_record(known, frame)
  add(user, field, -amount)
  put(user, expired, record)
  change.user = user
  local parts = json_part('add', { u = { [field] = -amount } }) .. json_part('put', { u = { [expired] = record } })
  return decide_change(frame, change, text(-amount), parts), after
end
