--[[
  purpose: step 3, the activities that a user must have completed before; and the record of a completion
  KEYS:    the user's hash: `t:<campaign>/<activity>`, the frame of the latest completion
  Returns: read_prerequisites(terms, packed); check_prerequisites(attempt) -> refusal, W and the frame, or nil;
           note_completion(attempt)
]]
-- `<activity>,...`
local function read_prerequisites(terms, packed)
  terms.after = {}
  for name in string.gmatch(packed, '[^,]+') do
    local field = 't:' .. terms.campaign_id .. '/' .. name
    terms.after[#terms.after + 1] = { name = name, field = field }
    read_record(terms, field, 'completion')
  end
end

local function check_prerequisites(attempt)
  local missing
  for i = 1, #attempt.terms.after do
    local wanted = attempt.terms.after[i]
    local id = attempt.values[wanted.field]
    if not id then
      missing = (missing and missing .. ',' or '') .. wanted.name
    elseif waits_for(attempt.frame, id) then
      return 'W;' .. id
    end
  end
  return missing and 'R;PREREQUISITE;' .. missing
end

local function note_completion(attempt)
  note_put(attempt, attempt.terms.completed, attempt.frame.id)
end
