--[[
  purpose: the registry of activity kinds. `-- @include kinds/<kind>` puts the text of lua/kinds/<kind>.lua into it as a function,
           which runs when the batch first meets the kind: kinds that no command names cost nothing
  Returns: KINDS; kind_of(rules) -> what lua/kinds/<kind>.lua returns, nil when this version runs no such kind. Of these members each
           kind has those that it needs:
           is_bought            units are bought by commands/buy.lua; the rules name a price and a currency. Every command asks for it,
                                so lib/decide includes such a kind by name, outside of what is made for commands that take part
           fields               names of fields of a: that `prepare` reads, beside those of steps/terms.lua
           prepare(terms, rules, activity) -> false when the rules are not readable; reads them once a batch
           check(attempt)       step 3 beyond the common standing -> refusal or nil; W and the frame where a cause is not journaled
           take(attempt)        steps 7 and 8 -> true, or nil and the refusal; sets type and facts of the decision and notes effects
           finish(attempt)      as take, for what was decided in part under another key: nothing is paid or counted again
           by_quantity          the caller says how many units; once for each command otherwise
           spends_entitlement   the right that the activity asks for is used up
]]
local KINDS = {}

local function kind_of(rules)
  local kind = KINDS[rules.kind]
  if type(kind) == 'function' then
    kind = kind()
    KINDS[rules.kind] = kind
  end
  return kind
end
