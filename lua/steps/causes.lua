--[[
  purpose: causes that are records (an order, a streak, a prerequisite, a doubler): a decision that rests on one whose own
           frame is not journaled yet waits for it, so that its effect never stands before it in the journal
  KEYS:    2 outbox
  Returns: waits_for(frame, id) -> true when the frame `<epoch>-<batch>` is still in the outbox, or is this very one
]]
local function waits_for(frame, id)
  if id == frame.id then
    return true
  end
  return string.sub(id, 1, #EPOCH + 1) == EPOCH .. '-' and replay_frame(frame, id)
end
