--[[
  purpose: takes what of a balance has expired: as much as Postgres summed, if the user has decided nothing that it lacks
  KEYS:    index of the user
  FIELDS:  user index, key, hash, type, head, newest decision (that Postgres has of the user: `<epoch>-<sequence>`, '' for none),
           balance field, amount (above 0)
  Returns: the reply and the place of the next command, its report the delta; R;CONFLICT when Postgres lacks a decision of the user,
           or what it counted is not there yet
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
  local user_index, key, hash, type_name = tonumber(fields[1]), fields[2], fields[3], fields[4]
  local field, amount = fields[7], tonumber(fields[8])
  local values, user = fetch(user_index, key, 'd', field)
  if not values or not whole(values.d) or not whole(values[field]) then
    return 'X;' .. KEYS[user_index], after
  end
  local replayed = replay(frame, values, key, hash)
  if replayed then
    return replayed, after
  end
  if whole(values[field]) < amount or not is_newest(user_index, values, fields[6]) then
    return 'R;CONFLICT', after
  end
  local delta = text(-amount)
  add(user, field, -amount)
  return decide(frame, user, {
    seq = next_sequence(frame),
    type = type_name,
    key = key,
    hash = hash,
    head = fields[5],
    entity = '',
    report = delta,
    record = '',
    rest = ',"type":"' .. type_name .. '","report":"' .. delta .. '"' .. json_part(
      'add',
      { u = { [field] = -amount } }
    ),
  }),
    after
end
