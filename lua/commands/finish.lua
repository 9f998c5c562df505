--[[
  purpose: ends what was decided in part: a spin whose prize was in another shard. Price, number and counters are those of the decision
           that it ends, so nothing of it is asked for, taken or counted again; it is owed after the end too
  KEYS:    index of the activity (c:, a:, s: side by side), index of the user, indexes of the stock (s:) of code pools
  FIELDS:  activity index, user index, key, hash, ended decision (`<epoch>-<sequence>`), pool indexes (joined by commas, 0 = none), head
  Returns: the reply and the place of the next command; U or LACKS while it cannot be ended; ALREADY_DONE when another decision did
]]
local function read_finish(at, frame)
  local fields, after = take_fields(at, 7)
  return {
    activity_index = tonumber(fields[1]),
    user_index = tonumber(fields[2]),
    key = fields[3],
    hash = fields[4],
    about = fields[5],
    pools = fields[6],
    head = fields[7],
    frame = frame,
    finishes = true,
    quantity = 1,
    factor = 1,
    adds = {},
    moves = '',
    entity = '',
    record = '',
  },
    after
end

-- Returns a refusal, or nil when the attempt holds everything.
local function finish_attempt(attempt, activity, terms)
  local values, user_index = attempt.values, attempt.user_index
  if not numbers_are_whole(terms.numbers, values) or not records_are_readable(terms, values) then
    return 'X;' .. KEYS[user_index]
  end
  attempt.activity, attempt.terms = activity, terms
  local finished, refusal = terms.kind.finish(attempt)
  return not finished and refusal or nil
end

local function finish(at, frame)
  local attempt, after = read_finish(at, frame)
  local index, user_index, key = attempt.activity_index, attempt.user_index, attempt.key
  local activity, refusal = owing_activity(index, frame.opening.now)
  if activity then
    -- whether its window is open or not: there is one, and what chances of the day are kept begins with it
    activity.session = activity.session or session_at(activity.rules.sessions or '', 1)
    if not activity.session then
      return 'X;' .. KEYS[index + 1], after
    end
  end
  local kind = activity and kind_of(activity.rules)
  local terms = kind and kind.finish and terms_of(activity, frame.opening, nil, '')
  local values, user = fetch(user_index, key, unpack(terms and terms.fields or {}))
  if not values then
    return 'X;' .. KEYS[user_index], after
  end
  if values[key] then
    return replay_with_record(frame, user_index, values, key, attempt.hash), after
  end
  if not terms then
    return refusal or (kind and kind.finish and 'X;' .. KEYS[index + 1]) or 'R;NOT_FOUND', after
  end
  attempt.values, attempt.user = values, user
  refusal = finish_attempt(attempt, activity, terms)
  return refusal or record_attempt(attempt), after
end
