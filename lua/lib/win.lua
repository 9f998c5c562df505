--[[
  purpose: the record of a win, `status;frame;campaign;activity;prize;sub;tier;type;at;claimBy;given`, which is kept with its
           user
  KEYS:    none
  Returns: note_win(attempt, prize, sub); parse_win(record) -> the win, nil when the text is none; changed_win(win, status,
           frame)
]]
local function note_win(attempt, prize, sub)
  local entity = EPOCH .. '-' .. next_sequence(attempt.frame)
  local credited = attempt.given
  local claim_by = not credited and prize.claim_within > 0 and text(attempt.terms.now + prize.claim_within) or ''
  attempt.entity = entity
  attempt.record = (credited and 'g;' or 'w;')
    .. attempt.frame.id
    .. ';'
    .. attempt.terms.campaign_id
    .. ';'
    .. attempt.terms.activity_id
    .. ';'
    .. prize.id
    .. ';'
    .. (sub and sub.id or '')
    .. ';'
    .. prize.tier
    .. ';'
    .. prize.type
    .. ';'
    .. attempt.frame.opening.now_text
    .. ';'
    .. claim_by
    .. ';'
    .. (attempt.given or '')
  note_put(attempt, 'w:' .. entity, attempt.record)
end

local WIN = '^([wgcr]);([^;]*);([^;]*);([^;]*);([^;]*);([^;]*);(%d+);([^;]*);(%d+);(%d*);(.*)$'

local function parse_win(record)
  local status, id, campaign, activity, prize, _, tier, type_name, _, claim_by, given = string.match(record, WIN)
  return status
    and {
      status = status,
      frame = id,
      campaign = campaign,
      activity = activity,
      prize = prize,
      tier = tier,
      type = type_name,
      claim_by = tonumber(claim_by),
      given = given,
      text = record,
    }
end

local function changed_win(win, status, frame)
  return status .. ';' .. frame.id .. ';' .. string.match(win.text, '^%a;[^;]*;(.*)$')
end
