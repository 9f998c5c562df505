--[[
  purpose: takes out of Redis, for good, what was of a campaign: fields of users and whole hashes. (It stands in the frame as `del`,
           by logical key a list of fields, an empty one for the whole hash.)
  KEYS:    index of the user whose replay record it is ($system), index of every hash it names
  FIELDS:  user index, key, hash, type, head, number of puts, [put index, put field, put value]..., number of removals,
           [removed index, removed field ('' = the whole hash)]...
  Returns: the reply; the caller sends it alone in its batch, and adjust is included before it
]]
local function take_removals(at)
  local count, removals = nil, {}
  count, at = take_line(at)
  for i = 1, tonumber(count) do
    removals[i], at = take_fields(at, 2)
    removals[i][1] = tonumber(removals[i][1])
  end
  return removals, at
end

local function read_removals(removals)
  for i = 1, #removals do
    if not fetch(removals[i][1], 'd') then
      return removals[i][1]
    end
  end
  return nil
end

-- JSON of the member `del`, hashes in the order of the command.
local function removed_part(removals)
  local keys, fields_of = {}, {}
  for i = 1, #removals do
    local key, field = logical(removals[i][1]), removals[i][2]
    if not fields_of[key] then
      fields_of[key] = {}
      keys[#keys + 1] = key
    end
    if field ~= '' then
      fields_of[key][#fields_of[key] + 1] = quoted(field)
    end
  end
  local parts = {}
  for i = 1, #keys do
    parts[i] = quoted(keys[i]) .. ':[' .. table.concat(fields_of[keys[i]], ',') .. ']'
  end
  return #parts > 0 and ',"del":{' .. table.concat(parts, ',') .. '}' or ''
end

local function remove(at, frame)
  local change, reply
  change, at, reply = take_change(at, frame, take_removals)
  if not change then
    return reply, at
  end
  local puts, removals = change.puts, change.rest
  local corrupt = read_puts(puts) or read_removals(removals)
  if corrupt then
    return 'X;' .. KEYS[corrupt], at
  end
  local noted_puts = {}
  apply_puts(puts, noted_puts)
  frame.removals = removals
  return decide_change(frame, change, '', json_part('put', noted_puts) .. removed_part(removals)), at
end
