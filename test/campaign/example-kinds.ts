import { checkDefinition } from '../../src/campaign/definition/check.ts'
import { compile } from '../../src/campaign/definition/compile.ts'
import type { Rules } from '../../src/campaign/definition/rules.ts'
import { exampleDefinition, exampleSale } from './example-sale.ts'

/** Activities as the contract writes them down: `or` stands between two ways, `"..."` for a moment. */
const contract = {
  sale: `{ "id": "phone", "kind": "sale", "sku": "PH-1", "title": "Phone", "category": "digital", "sort": 1,
    "listPrice": 399900, "price": 299900, "currency": "CNY", "unitsPerUser": 1,
    "payWithinSeconds": 900, "shipWithin": { "businessDays": 7, "from": "campaignEnd" },
    "requires": { "entitlement": "vip" }, "visibleFrom": "...",
    "sessions": [ { "id": "am", "opensAt": "...", "closesAt": "...", "stock": 1000 } ]
    or "daily": [ { "from": "10:00", "to": "10:10", "stock": 1000 } ] }`,
  draw: `{ "id": "wheel", "kind": "draw", "title": "Wheel", "cost": { "points": 10 } or "chances": { "daily": 1, "extraPerDay": 3 },
    "limits": { "perDay": 5, "winsPerCampaign": 2 }, "fallback": "thanks",
    "prizes": [ { "id": "first", "tier": 1, "title": "Phone", "type": "physical", "quota": 3, "weight": 1, "value": 399900,
                  "minSpins": 0, "guaranteedAfter": 50, "release": "even", "claimWithinDays": 14 },
                { "id": "thanks", "tier": 9, "title": "Thanks", "type": "nothing", "quota": null, "weight": 80 } ] }`,
  checkIn: `{ "id": "check-in", "kind": "task", "per": "day", "reward": { "points": 5 }, "streak": [ { "days": 7, "reward": { "points": 50 } } ] }`,
  buyer: `{ "id": "buyer", "kind": "task", "per": "campaign", "goal": { "counter": "paid", "count": 3 }, "after": [ "check-in" ],
    "tier": "advanced", "reward": { "chances": { "wheel": 1 } } }`,
  ticket: `{ "id": "ticket", "kind": "redemption", "title": "Ticket", "cost": { "points": 500 }, "stock": 200, "unitsPerUser": 1, "pool": "tickets" }`
}

/** The contract's example, read literally, with the first or the second of two ways. */
export function contractDefinition(way: 'first' | 'second'): Record<string, unknown> {
  const either = /("\w+": (?:\{[^{}]*\}|\[[^[\]]*\]))\s+or\s+("\w+": (?:\{[^{}]*\}|\[[^[\]]*\]))/g
  const moments = ['2026-11-10T00:00:00+08:00', '2026-11-11T10:00:00+08:00', '2026-11-11T10:10:00+08:00']
  const read = (text: string) => {
    const dates = [...moments]
    const chosen = text.replaceAll(either, way === 'first' ? '$1' : '$2')
    return JSON.parse(chosen.replaceAll('"..."', () => JSON.stringify(dates.shift()))) as Record<string, unknown>
  }
  return exampleDefinition({
    policies: {
      releasedOrderReturnsLimit: true,
      revokedWinReturnsQuota: true,
      unusedDailyChances: 'expire',
      sessionRollover: 'none',
      returnRestocks: false,
      clawback: 'toZero',
      cancellable: 'unpaid'
    },
    activities: Object.values(contract).map(read)
  })
}

export function aPrize(changes: Record<string, unknown> = {}) {
  return { id: 'first', tier: 1, title: 'Phone', type: 'physical', quota: 3, weight: 1, ...changes }
}

export const thanks = { id: 'thanks', tier: 9, title: 'Thanks', type: 'nothing', quota: null, weight: 80 }

/** A draw whose spins are free, with one prize and the fallback. */
export function aDraw(changes: Record<string, unknown> = {}) {
  return { id: 'wheel', kind: 'draw', title: 'Wheel', fallback: 'thanks', prizes: [aPrize(), thanks], ...changes }
}

export function aTask(changes: Record<string, unknown> = {}) {
  return { id: 'check-in', kind: 'task', per: 'day', reward: { points: 5 }, ...changes }
}

export function aRedemption(changes: Record<string, unknown> = {}) {
  return { id: 'ticket', kind: 'redemption', title: 'Ticket', cost: { points: 500 }, stock: 200, ...changes }
}

/** The example with these activities behind its sale. */
export function withActivities(activities: readonly object[], changes: Record<string, unknown> = {}) {
  return exampleDefinition({ activities: [exampleSale(), ...activities], ...changes })
}

export function errorsOf(input: unknown): Record<string, string> {
  const checked = checkDefinition(input)
  return checked.ok ? {} : Object.fromEntries(checked.errors.map(({ pointer, detail }) => [pointer, detail]))
}

/** @throws Error naming what is wrong */
export function rulesOf(input: unknown): Rules {
  const checked = checkDefinition(input)
  if (!checked.ok) throw new Error(JSON.stringify(checked.errors))
  return checked.rules
}

/** Compiled values by `<key> <field>`, and numbers likewise. */
export function compiled(rules: Rules) {
  const { puts, adds } = compile(rules, { ready: false, paused: false, ended: false, version: 1 })
  return {
    puts: Object.fromEntries(puts.map(([key, field, value]) => [`${key} ${field}`, value])),
    adds: Object.fromEntries(adds.map(([key, field, delta]) => [`${key} ${field}`, delta]))
  }
}

/** A survey with a question of each type; the rating has to be answered. */
export function aSurvey(changes: Record<string, unknown> = {}) {
  const option = (id: string) => ({ id, title: id })
  return {
    id: 'how-was-it',
    kind: 'survey',
    satisfaction: 'stars',
    questions: [
      { id: 'stars', type: 'rating', title: { en: 'How was it?', 'zh-CN': '怎么样？' }, required: true },
      { id: 'where', type: 'choice', title: 'Where?', options: [option('web'), option('shop')] },
      { id: 'liked', type: 'choice', title: 'What?', options: [option('price'), option('speed')], multiple: true },
      { id: 'why', type: 'text', title: 'Why?' }
    ],
    reward: { points: 10 },
    ...changes
  }
}
