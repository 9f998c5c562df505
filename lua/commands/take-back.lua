--[[
  purpose: takes back what a credit gave, because what it was given for is void
  KEYS:    index of the user
  FIELDS:  user index, key, hash, type, given under (the credit's key), given by (`<epoch>-<sequence>`), given (`<unit> <field>
           <amount>,...`), head
  Returns: the reply and the place of the next command, its report `<given by>,<unit> <missing>...|<move>...`; W and the frame when
           the frame of the credit is not settled yet, or that of an expiry not journaled
]]
local function take_back_given(at, frame)
  local fields, after = take_fields(at, 8)
  local user_index, key, hash, type_name = tonumber(fields[1]), fields[2], fields[3], fields[4]
  local under = fields[5]
  local values, user = fetch(user_index, key, 'd', under)
  if not values or not whole(values.d) then
    return 'X;' .. KEYS[user_index], after
  end
  local replayed = replay(frame, values, key, hash)
  if replayed then
    return replayed, after
  end
  -- a give that is not settled yet would come after it was taken back
  local epoch, batch = string.match(values[under] or '', '^[^;]*;(%d+);%d+;(%d+);')
  if epoch and waits_for(frame, epoch .. '-' .. batch) then
    return 'W;' .. epoch .. '-' .. batch, after
  end
  local changes = { adds = {}, puts = {}, moves = '', facts = fields[6] }
  local campaign = string.match(fields[8], '"campaign":"([^"]*)","activity":"[^"]*"$')
  local request = { user_index = user_index, campaign = campaign, given_by = fields[6] }
  local reply = claw_back(fields[7], request, changes, frame)
  if reply then
    return reply, after
  end
  for field, delta in pairs(changes.adds) do
    add(user, field, delta)
  end
  for field, value in pairs(changes.puts) do
    put(user, field, value)
  end
  local report = changes.facts .. changes.moves
  local parts = json_part('add', { u = next(changes.adds) and changes.adds })
    .. json_part('put', { u = next(changes.puts) and changes.puts })
  return decide(frame, user, {
    seq = next_sequence(frame),
    type = type_name,
    key = key,
    hash = hash,
    head = fields[8],
    entity = '',
    report = report,
    record = '',
    rest = ',"type":"' .. type_name .. '","report":"' .. report .. '"' .. parts,
  }),
    after
end
