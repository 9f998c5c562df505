--[[
  purpose: moves a win on: claim (by its winner, in time) or revoke (by operators: what it credited is taken back as far as
           it is there, its quota comes back where asked)
  KEYS:    index of the draw (c:, a:, s: side by side), index of the user
  FIELDS:  activity index, user index, key, hash, change (claim|revoke), win `<epoch>-<sequence>`, by (user|operator|system),
           quota back (0|1), head
  Returns: the reply and the place of the next command; W and the frame when the win's own frame is not journaled yet
]]
local function refuse_claim(win, request, opening, values)
  if request.by == 'user' and values['dq:' .. win.campaign] == '1' then
    return 'R;DISQUALIFIED'
  end
  if win.status == 'r' then
    return 'R;VOIDED'
  end
  if win.status ~= 'w' then
    return 'R;ALREADY_DONE'
  end
  if win.claim_by and opening.now >= win.claim_by then
    return 'R;CLAIM_EXPIRED'
  end
  return nil
end

-- The card that a win gave, when it is still the one in force: `<until>;<factor>;<activities>;<epoch>-<batch>;<sequence>`.
local function is_card_of(card, entity)
  local epoch, sequence = string.match(card or '', '(%d+)%-%d+;(%d+)$')
  return epoch and epoch .. '-' .. sequence == entity
end

-- At most what is there; what is missing is noted.
local function take_back(changes, unit, field, there, amount)
  local taken = math.min(there, amount)
  changes.adds[field] = (changes.adds[field] or 0) - taken
  changes.moves = changes.moves .. '|' .. unit .. ' ' .. text(-taken) .. ' ' .. text(there - taken)
  if taken < amount then
    changes.facts = changes.facts .. ',' .. unit .. ' ' .. text(amount - taken)
  end
end

local function claw_back(win, request, changes)
  for unit, field, amount in string.gmatch(win.given, '([^ ,]+) (%S+) (%d+)') do
    local values = fetch(request.user_index, field)
    local value = values and values[field]
    if string.sub(field, 1, 3) == 'db:' then
      if is_card_of(value, request.win) then
        changes.puts[field] = ''
      end
    elseif not values or not whole(value) then
      return false
    elseif amount ~= '0' then
      take_back(changes, unit, field, math.max(0, whole(value) + (changes.adds[field] or 0)), tonumber(amount))
    end
  end
  return true
end

-- A quota that comes back is a give; it leaves `paid` at once. A prize without a quota has none to get back, but a quota
-- that is gone is a fault.
local function return_quota(win, request, changes, frame)
  local index, rule = request.activity_index + 2, 'prize:' .. win.prize
  local remaining, paid = win.prize .. ':remaining', win.prize .. ':paid'
  local rules = fetch(request.activity_index + 1, rule)
  local values, hash = fetch(index, remaining, paid)
  if not rules or not values or not whole(values[remaining]) or not whole(values[paid]) then
    return false
  end
  if not values[remaining] and string.find(rules[rule] or '', '^%d+;[^;]*;1;') then
    return false
  end
  if values[remaining] then
    changes.stock = { [remaining] = 1, [paid] = -1 }
    add(hash, paid, -1)
    give(frame, KEYS[index], remaining, 1)
  end
  return true
end

local function record_win(win, request, frame, user, changes)
  for field, delta in pairs(changes.adds) do
    add(user, field, delta)
  end
  changes.puts['w:' .. request.win] = changed_win(win, changes.to, frame)
  for field, value in pairs(changes.puts) do
    put(user, field, value)
  end
  local report = changes.facts .. changes.moves
  return decide(frame, user, {
    seq = next_sequence(frame),
    type = changes.type,
    key = request.key,
    hash = request.hash,
    head = request.head,
    entity = request.win,
    report = report,
    record = changes.puts['w:' .. request.win],
    rest = ',"type":"'
      .. changes.type
      .. '","win":"'
      .. SHARD
      .. '-'
      .. request.win
      .. '","report":"'
      .. report
      .. '"'
      .. adds_part(changes.stock, changes.adds)
      .. json_part('put', { u = changes.puts }),
  })
end

local function change_win(win, request, frame, user)
  local changes = { adds = {}, puts = {}, stock = {}, moves = '', facts = request.win }
  if request.change == 'claim' then
    local refusal = refuse_claim(win, request, frame.opening, user.values)
    if refusal then
      return refusal
    end
    changes.to, changes.type = 'c', 'win.claimed'
    return record_win(win, request, frame, user, changes)
  end
  if win.status == 'r' then
    return 'R;VOIDED'
  end
  changes.to, changes.type = 'r', 'win.revoked'
  if not claw_back(win, request, changes) then
    return 'X;' .. KEYS[request.user_index]
  end
  if request.quota_back and not return_quota(win, request, changes, frame) then
    return 'X;' .. KEYS[request.activity_index + 2]
  end
  return record_win(win, request, frame, user, changes)
end

local function win_change(at, frame)
  local fields, after = take_fields(at, 9)
  local request = {
    activity_index = tonumber(fields[1]),
    user_index = tonumber(fields[2]),
    key = fields[3],
    hash = fields[4],
    change = fields[5],
    win = fields[6],
    by = fields[7],
    quota_back = fields[8] == '1',
    head = fields[9],
  }
  local field = 'w:' .. request.win
  local values, user = fetch(request.user_index, request.key, field, 'd')
  if not values or not whole(values.d) then
    return 'X;' .. KEYS[request.user_index], after
  end
  local replayed = replay(frame, values, request.key, request.hash)
  if replayed then
    return replayed, after
  end
  if not values[field] then
    return 'R;NOT_FOUND', after
  end
  local win = parse_win(values[field])
  if not win then
    return 'X;' .. KEYS[request.user_index], after
  end
  -- a caller that names another draw would move the quota of that one
  if logical(request.activity_index + 1) ~= 'a:' .. win.campaign .. ':' .. win.draw then
    return 'R;NOT_FOUND', after
  end
  fetch(request.user_index, 'dq:' .. win.campaign)
  if waits_for(frame, win.frame) then
    return 'W;' .. win.frame, after
  end
  return change_win(win, request, frame, user), after
end
