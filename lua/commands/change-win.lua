--[[
  purpose: moves a win on: claim (by its winner, in time) or revoke (by operators: what it credited is taken back as far as
           it has not expired and is there, its quota comes back where asked)
  KEYS:    index of the win's activity (c:, a:, s: side by side), index of the user, index of the prize's code pool (s:)
  FIELDS:  activity index, user index, key, hash, change (claim|revoke), win (`<epoch>-<sequence>`), by (user|operator|system),
           quota back (0|1), pool index (0 = none), head
  Returns: the reply and the place of the next command; W and the frame when the win's own frame, or that of an expiry, is not
           journaled yet
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

-- A returned quota is a give, and leaves `paid` at once. A prize without a quota gets none back; a quota whose stock is
-- missing is a fault.
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

-- A win that returns its quota also leaves the caps, by gives, so that nobody wins again because of a revocation that is void.
-- Prizes of rewards, which have no tier, are counted together. Draws published by earlier versions did not count their fallback.
local function return_caps(win, request, changes, frame)
  local wins = 'wn:' .. win.campaign .. '/' .. win.activity
  local counters = win.tier == '0' and { 'wn:' .. win.campaign } or { wins, wins .. '/' .. win.tier }
  local rules = fetch(request.activity_index + 1, 'edition', 'fallback')
  local values = fetch(request.user_index, unpack(counters))
  if not rules or not values or not numbers_are_whole(counters, values) then
    return false
  end
  if not rules.edition and rules.fallback == win.prize then
    return true
  end
  for _, field in ipairs(counters) do
    if whole(values[field]) > 0 then
      changes.gives[field] = -1
      give(frame, KEYS[request.user_index], field, -1)
    end
  end
  return true
end

-- A code that no user has seen returns to its pool, when the rules name the pool.
local function return_code(win, request, changes, frame)
  local rules = fetch(request.activity_index + 1, 'pools')
  local pools = rules and parse_pools(rules.pools or '', win.campaign)
  local scope = pools and pools[win.prize]
  if not scope or win.status ~= 'w' or request.pool == 0 then
    return pools and true or false
  end
  local values, hash = fetch(request.pool, 'codes:remaining', 'codes:paid')
  if logical(request.pool) ~= scope or not values or not whole(values['codes:remaining']) then
    return false
  end
  if not whole(values['codes:paid']) then
    return false
  end
  add(hash, 'codes:paid', -1)
  give(frame, KEYS[request.pool], 'codes:remaining', 1)
  changes.codes = { [scope] = { ['codes:remaining'] = 1, ['codes:paid'] = -1 } }
  return true
end

local function changes_by_scope(changes)
  local scopes = changes.codes or {}
  scopes.s = next(changes.stock) and changes.stock
  scopes.u = next(changes.adds) and changes.adds
  return scopes
end

local function record_win(win, request, frame, user, changes)
  for field, delta in pairs(changes.adds) do
    add(user, field, delta)
  end
  -- the frame holds takes and gives together
  for field, delta in pairs(changes.gives) do
    changes.adds[field] = delta
  end
  changes.puts['w:' .. request.win] = changed_win(win, changes.to, frame)
  for field, value in pairs(changes.puts) do
    put(user, field, value)
  end
  return decide_win(frame, user, request, {
    type = changes.type,
    report = changes.facts .. changes.moves,
    record = changes.puts['w:' .. request.win],
    parts = json_part('add', changes_by_scope(changes)) .. json_part('put', { u = changes.puts }),
  })
end

local function claim_or_revoke(win, request, frame, user)
  local changes = { adds = {}, gives = {}, puts = {}, stock = {}, moves = '', facts = request.win }
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
  request.campaign = win.campaign
  local reply = claw_back(win.given, request, changes, frame)
  if reply then
    return reply
  end
  if request.quota_back and not return_caps(win, request, changes, frame) then
    return 'X;' .. KEYS[request.user_index]
  end
  if request.quota_back and not return_code(win, request, changes, frame) then
    return 'X;' .. KEYS[math.max(request.pool, request.activity_index + 1)]
  end
  if request.quota_back and not return_quota(win, request, changes, frame) then
    return 'X;' .. KEYS[request.activity_index + 2]
  end
  return record_win(win, request, frame, user, changes)
end

local function change_win(at, frame)
  local fields, after = take_fields(at, 10)
  local request = {
    activity_index = tonumber(fields[1]),
    user_index = tonumber(fields[2]),
    key = fields[3],
    hash = fields[4],
    change = fields[5],
    win = fields[6],
    given_by = fields[6],
    by = fields[7],
    quota_back = fields[8] == '1',
    pool = tonumber(fields[9]),
    head = fields[10],
  }
  local win, user = own_win(frame, request, function(found)
    return 'dq:' .. found.campaign
  end)
  return win and claim_or_revoke(win, request, frame, user) or user, after
end
