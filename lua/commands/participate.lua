--[[
  purpose: takes part in an activity: every step in its fixed order, by the terms and by the code of the kind
  KEYS:    index of the activity (c:, a:, s: side by side), index of the user, indexes of the stock (s:) of code pools
  FIELDS:  activity index, user index, key, hash, quantity, level, by (user|system|credit), random (for prizes by chance, else ''),
           pool indexes (of what it gives or of its prizes, joined by commas; 0 = none), local day ('' = today; only the system
           names one), action ('' for the usual one of the kind), about (what it is done to, '' for nothing), head (JSON text for
           the frame)
  Returns: the reply and the place of the next command; W and the frame when a cause is not journaled yet
]]
-- Steps 3 to 7 of one command. Returns a refusal, or nil when the attempt holds everything.
local function decide_attempt(attempt)
  local activity, values, by = attempt.activity, attempt.values, attempt.by
  local entitlements = activity.entitlement and values[activity.entitlement]
  local refusal
  if by == 'credit' then
    -- the activity asks its own users for levels and rights, and not those who are rewarded for what others did
    refusal = values[activity.disqualified] == '1' and 'R;DISQUALIFIED' or nil
  else
    if activity.levels then
      local in_force, why = level_steps().standing(activity, attempt.user_index, attempt.level)
      if not in_force then
        return why
      end
      attempt.level = in_force
    end
    refusal = check_standing(activity, values[activity.disqualified], entitlements, attempt.level)
      or (activity.reservation and check_reservation(activity, attempt.user_index, attempt.frame))
  end
  local terms = attempt.terms
  local kind = terms.kind
  refusal = refusal or (kind.check and kind.check(attempt)) or (terms.doubles and check_doubler(attempt))
  if not refusal and by == 'user' and activity.rate > 0 then
    refusal = take_token(activity, attempt.frame.opening)
  end
  refusal = refusal or (by == 'credit' and check_caps or check_times)(attempt) or debit(attempt, attempt.quantity)
  if refusal then
    return refusal
  end
  local taken, why = kind.take(attempt)
  return not taken and why or nil
end

local PARTICIPATE = '^' .. string.rep('([^\n]*)\n', 12) .. '()'

-- A table of this size costs as much as reading the user's hash, so all commands of the batch use one in turn.
local attempt_of_all = {}

-- Reads the request, and clears what the steps noted about the request before it.
local function read_request(at, frame)
  local attempt = attempt_of_all
  local place, user, quantity, level, day, from
  local by, random, pools
  place, user, attempt.key, attempt.hash, quantity, level, by, random, pools, day, attempt.action, attempt.about, from =
    string.match(COMMANDS_TEXT, PARTICIPATE, at)
  attempt.by, attempt.random, attempt.pools = by, random, pools
  local after
  attempt.head, after = take_line(from)
  attempt.activity_index, attempt.user_index = NUMBERS[place] or to_number(place), NUMBERS[user] or to_number(user)
  attempt.quantity, attempt.level = NUMBERS[quantity] or to_number(quantity), NUMBERS[level] or to_number(level)
  attempt.day = day ~= '' and to_number(day) or nil
  attempt.frame = frame
  attempt.gives, attempt.puts, attempt.stock, attempt.chain, attempt.variant = false, false, false, false, false
  attempt.given, attempt.capped, attempt.doubler, attempt.daily_left = false, false, false, false
  attempt.withheld = false
  attempt.factor = 1
  attempt.moves, attempt.entity, attempt.record, attempt.fault = '', '', '', false
  return attempt, after
end

-- Returns the activity and its terms, or nil, nil and the refusal.
local function find_terms(index, request, frame)
  local find = request.by == 'credit' and owing_activity or open_activity
  local activity, refusal = find(index, frame.opening.now)
  if not activity then
    return nil, nil, refusal
  end
  local usual = request.action == '' and not request.day and activity.terms['']
  if usual then
    return activity, usual
  end
  local kind = kind_of(activity.rules)
  if not kind or not kind.take then
    return nil, nil, 'R;NOT_FOUND'
  end
  local terms = terms_of(activity, frame.opening, request.day, request.action)
  return activity, terms, not terms and 'X;' .. KEYS[index + 1] or nil
end

local function participate(at, frame)
  local attempt, after = read_request(at, frame)
  local user_index, key = attempt.user_index, attempt.key
  local activity, terms, refusal = find_terms(attempt.activity_index, attempt, frame)
  if not terms then
    local values = fetch(user_index, key)
    return values and replay_with_record(frame, user_index, values, key, attempt.hash) or refusal, after
  end
  local values, user = fetch_fields(user_index, key, terms.fields)
  if not values then
    return 'X;' .. KEYS[user_index], after
  end
  if values[key] then
    values = fetch(user_index, key)
    return replay_with_record(frame, user_index, values, key, attempt.hash), after
  end
  -- `user`: the hash, when an earlier command of this batch used it
  attempt.activity, attempt.terms, attempt.values, attempt.user = activity, terms, values, user
  if not terms.kind.by_quantity then
    -- a spin or a completion counts once, whatever quantity a caller names
    attempt.quantity = 1
  end
  begin_attempt(attempt)
  if not numbers_are_whole(terms.numbers, values) or not records_are_readable(terms, values) then
    return 'X;' .. KEYS[user_index], after
  end
  refusal = decide_attempt(attempt)
  if refusal then
    return refusal, after
  end
  return record_attempt(attempt), after
end
