// Summing up a call: nine keys, and the two-digit codes behind them (domain.md 2.4). Pure.
import type { Call } from '@/shared/wire'

/** Every code, in the order of the list. */
export const CODES = [10, 11, 12, 13, 20, 21, 22, 23, 30, 31, 32, 33, 34, 40, 41, 50, 60, 61, 62, 70, 71, 80] as const
export type Code = (typeof CODES)[number]

/** What the keys 1–9 stand for: the first code is what the key means alone, the others belong to it. */
export const KEYS: { key: number; name: string; codes: Code[] }[] = [
  { key: 1, name: 'order', codes: [10, 11] },
  { key: 2, name: 'change', codes: [12, 13] },
  { key: 3, name: 'urge', codes: [22] },
  { key: 4, name: 'ask', codes: [20, 21, 23, 40, 41] },
  { key: 5, name: 'complaint', codes: [31, 30, 32, 33] },
  { key: 6, name: 'wrong', codes: [61] },
  { key: 7, name: 'harassment', codes: [62] },
  { key: 8, name: 'lost', codes: [60] },
  { key: 9, name: 'other', codes: [34, 50, 70, 71, 80] },
]

/** Harassment, food safety and lost orders mean nothing without a word on what happened. */
export const needsNote = (code: number | null) => code === 33 || code === 62 || code === 71

export const keyOf = (code: number | null) => KEYS.find((one) => code !== null && (one.codes as number[]).includes(code)) ?? null

/** Pressing the key again goes on to its next code. */
export function pressKey(key: number, current: number | null, service: 'delivery' | 'pickup' | null): Code | null {
  const group = KEYS.find((one) => one.key === key)
  if (!group) return null
  const here = group.codes.indexOf(current as Code)
  if (here >= 0) return group.codes[(here + 1) % group.codes.length] ?? null
  if (key === 1 && service === 'pickup') return 11
  return group.codes[0] ?? null
}

/** What is chosen when nobody has chosen: the server's proposal, else from what happened on this page. */
export function proposed(call: Call, service: 'delivery' | 'pickup' | null): Code | null {
  if (call.proposed !== null && (CODES as readonly number[]).includes(call.proposed)) return call.proposed as Code
  if (call.orders.length > 0) return service === 'pickup' ? 11 : 10
  return null
}
