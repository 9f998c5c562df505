--[[
  purpose: the user of an order or win, from the frame that decided it, while Postgres may lack it
  KEYS:    2 outbox, 3 kept
  FIELDS:  entity (`<epoch>-<sequence>`)
  Returns: O and the user, or N: none of this opening, or stored
]]
-- A stored frame is in neither outbox nor kept; then so many following batches are searched for a frame that is not stored.
local NEIGHBOURS = 8

-- The first frame that is not stored, from a batch on up to the last one: its payload and its batch.
local function frame_from(batch, last)
  for at = batch, math.min(batch + NEIGHBOURS, last) do
    local id = EPOCH .. '-' .. text(at)
    local payload = redis.pcall('HGET', KEYS[3], id)
    payload = type(payload) == 'string' and payload or (outbox_entry(id) or {})[2]
    if payload then
      return payload, at
    end
  end
  return nil
end

local SEQUENCE = '{"seq":(%d+),"user":"([^"]*)"'

local function user_in(payload, sequence)
  local _, head = string.find(payload, '"decisions":[', 1, true)
  local from = head and string.find(payload, '{"seq":' .. sequence .. ',"user":"', head, true)
  return from and select(2, string.match(payload, SEQUENCE, from))
end

local function first_sequence(payload)
  local _, head = string.find(payload, '"decisions":[', 1, true)
  return tonumber(head and string.match(payload, SEQUENCE, head) or '')
end

-- Sequences rise with batches, so each step discards half of the frames that are left: 20 frames are read among a million.
-- Stored frames were decided before those that are not.
local function owner(at, frame)
  local fields, after = take_fields(at, 1)
  local epoch, sequence = string.match(fields[1], '^(%d+)%-(%d+)$')
  if epoch ~= EPOCH or tonumber(sequence) > frame.opening.seq then
    return 'N', after
  end
  local low, high = 1, frame.opening.batch
  while low <= high do
    local middle = math.floor((low + high) / 2)
    local payload, batch = frame_from(middle, high)
    local user = payload and user_in(payload, sequence)
    if user then
      return 'O' .. user, after
    end
    local first = payload and first_sequence(payload)
    if first and first > tonumber(sequence) then
      high = middle - 1
    else
      low = (batch or middle + NEIGHBOURS) + 1
    end
  end
  return 'N', after
end
