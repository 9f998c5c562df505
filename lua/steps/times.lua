--[[
  purpose: step 5 for kinds with terms: decisions in all, times a day, times or units a campaign; 0 means no limit
  KEYS:    the user's hash
  Returns: check_times(attempt) -> refusal or nil; `done` of the terms is the refusal where an activity is done only once;
           check_caps(attempt), of a credit: beyond a limit it is decided all the same, and its reward is withheld
]]
local function check_times(attempt)
  local terms, values = attempt.terms, attempt.values
  if MOST_DECISIONS > 0 and (values.d or 0) >= MOST_DECISIONS then
    return 'R;LIMIT_REACHED;requests;' .. ARGV[4]
  end
  if terms.per_day > 0 and over(values[terms.times_today] or 0, terms.per_day, 1) then
    local ends = day_end(attempt.activity.campaign.zone, terms.now)
    return terms.done or 'R;LIMIT_REACHED;day;' .. text(terms.per_day) .. ';' .. text(ends)
  end
  local most = terms.per_campaign > 0 and terms.per_campaign or terms.units_per_user
  if most > 0 and (values[terms.times] or 0) + attempt.quantity > most then
    return terms.done or 'R;LIMIT_REACHED;activity;' .. text(most)
  end
  return nil
end

-- What others did stands, and their side is told: so a cap only takes the reward away, and what was withheld does not count.
local function check_caps(attempt)
  local terms, values, adds = attempt.terms, attempt.values, attempt.adds
  if terms.per_day > 0 and over(values[terms.times_today] or 0, terms.per_day, 1) then
    attempt.withheld = 'day'
  elseif terms.per_campaign > 0 and over(values[terms.times] or 0, terms.per_campaign, 1) then
    attempt.withheld = 'campaign'
  end
  if attempt.withheld then
    adds[terms.times] = 0
    if terms.by_day then
      adds[terms.times_today] = 0
    end
  end
  return nil
end
