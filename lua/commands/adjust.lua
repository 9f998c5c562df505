--[[
  purpose: an operator's adjustment: values to put now, numbers to take now or give once journaled
  KEYS:    index of the user whose replay record it is ($system), index of every hash it names
  FIELDS:  user index, key, hash, type, head, number of puts, (hash index, field, value)..., number of adds,
           (hash index, field, delta)...
  Returns: the reply, its report the deltas that were applied, comma-separated; the caller sends one that writes rules or stock
           alone in its batch, because rules parsed for earlier commands are not parsed again
]]
local STOCK_FIELD = '^(.*):remaining$'

-- Stock that is added or taken moves the total along.
local function total_of(field)
  local name = string.match(field, STOCK_FIELD)
  return name and name .. ':total'
end

-- field -> value by logical key, as JSON
local function note(parts, index, field, value)
  local key = logical(index)
  parts[key] = parts[key] or {}
  parts[key][field] = value
end

local function note_delta(parts, index, field, delta)
  local noted = parts[logical(index)]
  note(parts, index, field, (noted and noted[field] or 0) + delta)
end

-- Reads every hash that the command names before anything is noted: other commands may stand in the same batch.
local function read_puts(at)
  local count = tonumber(FIELDS[at])
  for i = 0, count - 1 do
    local index = tonumber(FIELDS[at + 1 + i * 3])
    if not fetch(index, FIELDS[at + 2 + i * 3]) then
      return index
    end
  end
  return nil
end

local function read_adds(at)
  local count = tonumber(FIELDS[at])
  for i = 0, count - 1 do
    local index, field = tonumber(FIELDS[at + 1 + i * 3]), FIELDS[at + 2 + i * 3]
    local total = total_of(field)
    local values = whole(FIELDS[at + 3 + i * 3]) and fetch(index, field, total or field)
    if not values or not whole(values[field]) or not whole(values[total or field]) then
      return index
    end
  end
  return nil
end

local function apply_puts(at, parts)
  local count = tonumber(FIELDS[at])
  for i = 0, count - 1 do
    local index, field, value = tonumber(FIELDS[at + 1 + i * 3]), FIELDS[at + 2 + i * 3], FIELDS[at + 3 + i * 3]
    local _, hash = fetch(index, field)
    put(hash, field, value)
    note(parts, index, field, value)
  end
end

-- Negative: takes at once, at most what is left. Positive: given when journaled, at most as many as a number may be; the
-- field is made to exist at once, so that stock which is still to come reads as 0 and not as missing.
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

local function apply_adds(at, frame, parts)
  local count = tonumber(FIELDS[at])
  local report = {}
  for i = 0, count - 1 do
    local index, delta = tonumber(FIELDS[at + 1 + i * 3]), tonumber(FIELDS[at + 3 + i * 3])
    report[i + 1] = text(apply_add(index, FIELDS[at + 2 + i * 3], delta, frame, parts))
  end
  return table.concat(report, ',')
end

local function adjust(at, frame)
  local user_index, key, hash = tonumber(FIELDS[at]), FIELDS[at + 1], FIELDS[at + 2]
  local values, user = fetch(user_index, key, 'd')
  local puts, adds = {}, {}
  local puts_at = at + 5
  local adds_at = puts_at + 1 + tonumber(FIELDS[puts_at]) * 3
  local after = adds_at + 1 + tonumber(FIELDS[adds_at]) * 3
  if not values or not whole(values.d) then
    return 'X;' .. KEYS[user_index], after
  end
  local replayed = replay(frame, values, key, hash)
  if replayed then
    return replayed, after
  end
  local corrupt = read_puts(puts_at) or read_adds(adds_at)
  if corrupt then
    return 'X;' .. KEYS[corrupt], after
  end
  apply_puts(puts_at, puts)
  local applied = apply_adds(adds_at, frame, adds)
  return decide(frame, user, {
    seq = next_sequence(frame),
    type = FIELDS[at + 3],
    key = key,
    hash = hash,
    head = FIELDS[at + 4],
    entity = '',
    report = applied,
    record = '',
    rest = ',"type":"' .. FIELDS[at + 3] .. '","report":"' .. applied .. '"' .. json_part('add', adds) .. json_part(
      'put',
      puts
    ),
  }),
    after
end
