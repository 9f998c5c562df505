--[[
  purpose: an operator's adjustment: values to put now, numbers to take now or give once journaled. What is taken of what
           has expired (`xp:<campaign>/<unit>`) is not taken of that balance
  KEYS:    index of the user whose replay record it is ($system), index of every hash it names
  FIELDS:  user index, key, hash, type, head, number of puts, [put index, put field, put value]..., number of adds,
           [add index, add field, add delta]...
  Returns: the reply (nothing is changed for a campaign that was archived), its report the deltas that were applied, comma-separated; the caller sends one that writes rules or stock
           alone in its batch, because rules parsed for earlier commands are not parsed again
]]
local STOCK_FIELD = '^(.*):remaining$'

-- Changes of remaining stock change the total by as much.
local function total_of(field)
  local name = string.match(field, STOCK_FIELD)
  return name and name .. ':total'
end

-- Notes a value by logical key and field, for the JSON of the frame.
local function note(parts, index, field, value)
  local key = logical(index)
  parts[key] = parts[key] or {}
  parts[key][field] = value
end

local function note_delta(parts, index, field, delta)
  local noted = parts[logical(index)]
  note(parts, index, field, (noted and noted[field] or 0) + delta)
end

-- Returns (index, field, value) of each put or add, and the place after the last.
local function take_triples(at)
  local count, triples = nil, {}
  count, at = take_line(at)
  for i = 1, tonumber(count) do
    triples[i], at = take_fields(at, 3)
    triples[i][1] = tonumber(triples[i][1])
  end
  return triples, at
end

-- Reads every hash that the command names before anything is noted, because the batch may hold other commands.
local function read_puts(puts)
  for i = 1, #puts do
    if not fetch(puts[i][1], puts[i][2]) then
      return puts[i][1]
    end
  end
  return nil
end

-- The unit of an add that takes of what has expired, `xp:<campaign>/<unit>`.
local function expired_unit(triple)
  return string.match(triple[2], '^xp:[^/]+/(.+)$')
end

local function read_adds(adds)
  for i = 1, #adds do
    local index, field = adds[i][1], adds[i][2]
    local total = total_of(field)
    local values = whole(adds[i][3]) and fetch(index, field, total or field)
    if not values or not expired_unit(adds[i]) and not (whole(values[field]) and whole(values[total or field])) then
      return index
    end
  end
  return nil
end

local function apply_puts(puts, parts)
  for i = 1, #puts do
    local index, field, value = puts[i][1], puts[i][2], puts[i][3]
    local _, hash = fetch(index, field)
    put(hash, field, value)
    note(parts, index, field, value)
  end
end

-- Negative: takes at once, at most what is left. Positive: given once journaled, at most up to the largest number; the field is
-- made at once with 0, so that stock which is still to come reads as 0 and not as missing.
local function apply_add(index, field, delta, frame, parts)
  local total_field = total_of(field)
  local values, hash = fetch(index, field, total_field or field)
  local value = math.max(0, whole(values[field]))
  local applied = math.min(math.max(delta, -value), MOST - value) + 0
  local now = math.min(applied, 0)
  add(hash, field, now)
  if total_field then
    add(hash, total_field, now)
    note_delta(parts, index, total_field, applied)
  end
  note_delta(parts, index, field, applied)
  if applied > 0 then
    give(frame, KEYS[index], field, applied)
    if total_field then
      give(frame, KEYS[index], total_field, applied)
    end
  end
  return applied
end

-- What has expired is counted before anything is taken. Returns the changes by field of expired things, and how much less is taken, by
-- index and field; or nil and the reply.
local function count_all_expired(adds, frame)
  local changed, less = {}, {}
  for i = 1, #adds do
    local index, field, delta = adds[i][1], adds[i][2], tonumber(adds[i][3])
    local unit = expired_unit(adds[i])
    if unit then
      local expired, reply = read_expired(index, field, frame)
      if not expired then
        return nil, reply
      end
      local count = count_expired(expired, -delta)
      expired.counted = expired.counted + count
      changed[i], less[index .. ' b:' .. unit] = { expired, count }, count
    end
  end
  return changed, less
end

local function apply_adds(adds, expired, frame, parts)
  local report = {}
  for i = 1, #adds do
    local index, field, delta = adds[i][1], adds[i][2], tonumber(adds[i][3])
    local changed = expired.changed[i]
    if changed then
      report[i] = text(0 - changed[2])
      if changed[2] > 0 then
        apply_puts({ { index, field, expired_record(changed[1], frame) } }, parts.puts)
      end
    else
      delta = delta + (expired.less[index .. ' ' .. field] or 0)
      report[i] = text(apply_add(index, field, delta, frame, parts.adds))
    end
  end
  return table.concat(report, ',')
end

-- The reply of a command that was decided already or whose user cannot be read, or nil; `values` are fields of the user, `d` and the key among them.
local function known_reply(frame, change, values)
  if not values or not whole(values.d) then
    return 'X;' .. KEYS[change.user_index]
  end
  return replay(frame, values, change.key, change.hash)
end

-- Reads a command of an operator, its puts, and what follows them by `take_rest`. Returns the change and the place after the command; or
-- nil, that place, and the reply where it has one already.
local function take_change(at, frame, take_rest)
  local fields, puts, rest
  fields, at = take_fields(at, 5)
  puts, at = take_triples(at)
  rest, at = take_rest(at)
  local change =
    { user_index = tonumber(fields[1]), key = fields[2], hash = fields[3], type = fields[4], head = fields[5] }
  local values, user = fetch(change.user_index, change.key, 'd')
  local reply = known_reply(frame, change, values)
  if reply then
    return nil, at, reply
  end
  change.user, change.puts, change.rest = user, puts, rest
  return change, at
end

-- Decides it; `parts` is the JSON text of what it changes.
local function decide_change(frame, change, report, parts)
  return decide(frame, change.user, {
    seq = next_sequence(frame),
    type = change.type,
    key = change.key,
    hash = change.hash,
    head = change.head,
    entity = '',
    report = report,
    record = '',
    rest = ',"type":"' .. change.type .. '","report":"' .. report .. '"' .. parts,
  })
end

local function adjust(at, frame)
  local change, reply
  change, at, reply = take_change(at, frame, take_triples)
  if not change then
    return reply, at
  end
  if is_gone(string.match(change.head, '"campaign":"([^"]*)","activity":"[^"]*"$')) then
    return 'R;NOT_FOUND', at
  end
  local puts, adds = change.puts, change.rest
  local corrupt = read_puts(puts) or read_adds(adds)
  if corrupt then
    return 'X;' .. KEYS[corrupt], at
  end
  local changed, less = count_all_expired(adds, frame)
  if not changed then
    return less, at
  end
  local noted = { puts = {}, adds = {} }
  apply_puts(puts, noted.puts)
  local applied = apply_adds(adds, { changed = changed, less = less }, frame, noted)
  return decide_change(frame, change, applied, json_part('add', noted.adds) .. json_part('put', noted.puts)), at
end
