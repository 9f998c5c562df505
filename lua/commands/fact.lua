--[[
  purpose: notes what all other shards have of an item, for a second from the time on at which they were first read
  KEYS:    5 elsewhere
  FIELDS:  opening, item, units (`?` = not known), seen (ms of Redis time, read before the other shards were)
  Returns: N. Nothing is noted under another opening, nor over what was seen at that time or later: this shard has lent since, or somebody
           else has looked. It is written at once, because it is in no frame
]]
local function note_fact(at)
  local fields, after = take_fields(at, 4)
  local item, seen = fields[2], fields[4]
  local facts, hash = fetch(5, item)
  if not facts then
    return 'X;' .. KEYS[5], after
  end
  local known = tonumber(string.match(facts[item] or '', '%d+$') or '')
  if fields[1] == EPOCH and not (known and known >= tonumber(seen)) then
    hash.values[item] = fields[3] .. ';' .. seen
    redis.call('HSET', KEYS[5], item, hash.values[item])
  end
  return 'N', after
end
