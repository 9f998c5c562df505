--[[
  purpose: step 5, what is done once to each thing: a friend is helped once a share, a comment is liked once
  KEYS:    the user's hash: `1:<campaign>/<activity>[:<action>]:<about>`, the frame of the decision
  Returns: check_once(attempt) -> refusal or nil; note_once(attempt)
]]
local function once_field(attempt)
  return '1:' .. attempt.terms.id .. attempt.terms.suffix .. ':' .. attempt.about
end

local function check_once(attempt)
  local field = once_field(attempt)
  local values = fetch(attempt.user_index, field)
  if not values or not is_record(values[field], RECORDS.completion) then
    return 'X;' .. KEYS[attempt.user_index]
  end
  return values[field] and 'R;ALREADY_DONE' or nil
end

local function note_once(attempt)
  note_put(attempt, once_field(attempt), attempt.frame.id)
end
