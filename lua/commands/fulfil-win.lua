--[[
  purpose: notes how far a claimed win is handed over. What was handed over once is not handed over again, unless it failed and is
           sent anew
  KEYS:    index of the win's activity (c:, a:, s: side by side), index of the user
  FIELDS:  activity index, user index, key, hash, state (a approved, s shipped, y ready for pick-up, c credited, d delivered, f failed, i
           reissued),
           win (`<epoch>-<sequence>`), head
  Returns: the reply and the place of the next command, its report `<win>,<state>,<nth>`; W and the frame when the win's own frame is
           not journaled yet
]]
-- By new state: those that it may follow, `-` for none. News of a parcel that is under way is shipped again.
local FOLLOWS = { a = '-', s = '-asyi', y = '-asi', c = '-ai', d = '-asyi', f = '-asyicd', i = 'f' }

local function handed_over(win, entity)
  return 'wf:' .. win.campaign .. '/' .. entity
end

local function fulfil(win, request, frame, user)
  if win.status == 'r' then
    return 'R;VOIDED'
  end
  if win.status ~= 'c' then
    return 'R;CONFLICT;win;' .. win.status
  end
  local field = handed_over(win, request.win)
  local before, count = string.match(user.values[field] or '-;0', '^([-asycdfi]);(%d+)$')
  if not before then
    return 'X;' .. KEYS[request.user_index]
  end
  local rules = fetch(request.activity_index, 'review')
  if not rules then
    return 'X;' .. KEYS[request.activity_index]
  end
  if rules.review == '1' and before == '-' and request.state ~= 'a' then
    return 'R;CONFLICT;review'
  end
  if not string.find(FOLLOWS[request.state] or '', before, 1, true) then
    return 'R;CONFLICT;fulfilment;' .. before
  end
  local nth = text(tonumber(count) + 1)
  local noted, record = request.state .. ';' .. nth, changed_win(win, win.status, frame)
  put(user, field, noted)
  put(user, 'w:' .. request.win, record)
  return decide_win(frame, user, request, {
    type = 'win.fulfilled',
    report = request.win .. ',' .. request.state .. ',' .. nth,
    record = record,
    parts = json_part('put', { u = { [field] = noted, ['w:' .. request.win] = record } }),
  })
end

local function fulfil_win(at, frame)
  local fields, after = take_fields(at, 7)
  local request = {
    activity_index = tonumber(fields[1]),
    user_index = tonumber(fields[2]),
    key = fields[3],
    hash = fields[4],
    state = fields[5],
    win = fields[6],
    head = fields[7],
  }
  local win, user = own_win(frame, request, function(found)
    return handed_over(found, request.win)
  end)
  return win and fulfil(win, request, frame, user) or user, after
end
