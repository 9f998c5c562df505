--[[
  purpose: step 4, the campaign's token bucket; the one write that is not tied to a decision
  KEYS:    1 shard (field bucket:<campaign>: `tokens;at`)
  Returns: take_token(activity, opening) -> refusal or nil; save_buckets(opening), once a batch
]]
local function load_bucket(activity, opening, rate, burst)
  local stored = redis.call('HGET', opening.key, 'bucket:' .. activity.campaign_id)
  local tokens, at = string.match(stored or '', '^([%d.]+);(%d+)$')
  tokens, at = tonumber(tokens) or burst, tonumber(at) or opening.time
  -- By Redis' own time: after a clock stepped back, shard time stands still, and the bucket would not refill for as long. The refill
  -- then begins again from the present time.
  local refill = math.max(0, opening.time - at) * rate / 1000
  return { tokens = math.min(burst, tokens + refill), changed = at > opening.time }
end

-- Only for campaigns with a rate.
local function take_token(activity, opening)
  local rate = activity.rate
  local bucket = opening.buckets[activity.campaign_id]
  if not bucket then
    bucket = load_bucket(activity, opening, rate, tonumber(activity.campaign.burst) or rate)
    opening.buckets[activity.campaign_id] = bucket
  end
  if bucket.tokens < 1 then
    return 'R;RATE_LIMITED;campaign;' .. math.ceil((1 - bucket.tokens) * 1000 / rate)
  end
  bucket.tokens = bucket.tokens - 1
  bucket.changed = true
  return nil
end

local function save_buckets(opening)
  for campaign, bucket in pairs(opening.buckets) do
    if bucket.changed then
      mark(opening, 'bucket:' .. campaign, string.format('%.3f;%.0f', bucket.tokens, opening.time))
    end
  end
end
