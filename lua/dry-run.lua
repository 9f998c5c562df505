#!lua flags=no-writes
--[[
  purpose: says what gate.lua would reply to commands now, by the same text. It writes nothing, and Redis refuses whatever would: it was told
           so in the first line
  KEYS:    those of gate.lua
  ARGV:    those of gate.lua, of which only 4 and 6 are read
  Returns: { header, replies, '', '', '', { replayed frame id, frame, gives, ... } } as gate.lua does. What a reply names was not decided:
           the same sequence is given to the next decision
           header `OK|CLOSED;Redis' time;0;0`
  Cost:    that of gate.lua, without its writes
  Replay:  safe to send again: it changes nothing
]]
-- @include lib/opening
-- @include lib/numbers
-- @include lib/overlay
-- @include lib/json
-- @include lib/fields
-- @include lib/frame
-- @include lib/decide

local opening = open_opening(KEYS[1], KEYS[4])
if not opening then
  return { 'CLOSED;0;0;0', {}, '', '', '', {} }
end
local line, at = take_line(1)
local frame = new_frame(opening)
local replies = decide_commands(frame, tonumber(line), at)
return { 'OK;' .. opening.time .. ';0;0', replies, '', '', '', frame.replayed }
