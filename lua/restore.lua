#!lua
--[[
  purpose: recovery step 5, deletes and writes hashes while the shard is closed under this epoch
  KEYS:    1 shard, 2.. the hashes
  ARGV:    1 the hashes (lib/hashes)
  Returns: how many of the hashes are new, or `CLOSED` when another recovery has taken over
  Cost:    1 look and 1 write per new hash; 1 write per sum, and 1 for all values, where earlier decisions made it
  Replay:  never: sums would count twice. A call without an answer ends this recovery, and the next one deletes first.
]]
-- @include lib/opening
-- @include lib/hashes
if not being_opened(KEYS[1]) then
  return 'CLOSED'
end
return write_folded(2, ARGV[1])
