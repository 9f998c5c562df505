--[[
  purpose: the win that a command moves on, once nothing stands in the way of deciding about it
  KEYS:    the activity of the win (c:, a:, s: side by side), the user's hash
  Returns: own_win(frame, request, noted) -> the win and the user's hash, or nil and the reply; the request names activity_index,
           user_index, key, hash and win; `noted(win)` are further fields of the user to read. decide_win(frame, user, request, told) -> the reply
           of what was decided about it; `told` has type, report, the win's record from now on, and parts, the JSON text of what is changed
]]
local function own_win(frame, request, noted)
  local field = 'w:' .. request.win
  local values, user = fetch(request.user_index, request.key, field, 'd')
  if not values or not whole(values.d) then
    return nil, 'X;' .. KEYS[request.user_index]
  end
  local replayed = replay(frame, values, request.key, request.hash)
  if replayed then
    return nil, replayed
  end
  if not values[field] then
    return nil, 'R;NOT_FOUND'
  end
  local win = parse_win(values[field])
  if not win then
    return nil, 'X;' .. KEYS[request.user_index]
  end
  -- a caller that names another activity would change the quota of that one
  if logical(request.activity_index + 1) ~= 'a:' .. win.campaign .. ':' .. win.activity then
    return nil, 'R;NOT_FOUND'
  end
  if not fetch(request.user_index, noted(win)) then
    return nil, 'X;' .. KEYS[request.user_index]
  end
  if waits_for(frame, win.frame) then
    return nil, 'W;' .. win.frame
  end
  if is_final(request.activity_index, frame.opening.now) then
    return nil, 'R;ENDED'
  end
  return win, user
end

local function decide_win(frame, user, request, told)
  return decide(frame, user, {
    seq = next_sequence(frame),
    type = told.type,
    key = request.key,
    hash = request.hash,
    head = request.head,
    entity = request.win,
    report = told.report,
    record = told.record,
    rest = ',"type":"'
      .. told.type
      .. '","win":"'
      .. SHARD
      .. '-'
      .. request.win
      .. '","report":"'
      .. told.report
      .. '"'
      .. told.parts,
  })
end
