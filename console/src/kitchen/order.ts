// What a card means to the person before it: its column, its deadline's colour, its place in the row. Pure.
import type { Branch, Card, CardLine, PendingLine, Task } from './wire'

export type Column = 'waiting' | 'cooking' | 'leaving' | 'over'

/** Where an order stands on a board. */
export function columnOf(card: Pick<Card, 'status'>): Column {
  switch (card.status) {
    case 'new':
    case 'address_check':
      return 'waiting'
    case 'accepted':
    case 'cooking':
      return 'cooking'
    case 'ready':
    case 'out':
      return 'leaving'
    default:
      return 'over'
  }
}

/** A branch that does not touch a new order within this rings louder, ms. */
export const LOUD_MS = 60_000
/** … and then it is headquarters' task, ms. */
export const TASK_MS = 120_000
/** While unheard, the tone comes this often, ms. */
export const RING_EVERY_MS = 5_000
/** A rider who is this late is red, ms. */
const RIDER_GRACE_MS = 10 * 60_000

export type Tone = 'green' | 'amber' | 'red'

/** What of the time budget is used: below one half green, until its end amber, then red (voice-and-console 3.6). */
export function toneOfShare(share: number): Tone {
  return share > 1 ? 'red' : share >= 0.5 ? 'amber' : 'green'
}

/** From when until when the present state of an order may take; none when nothing is due. */
export function budget(card: Card): { from: number; to: number } | null {
  switch (card.status) {
    case 'new':
      // Waits for its hour: nobody is late.
      if (card.sent_at === null) return card.owner === 'headquarters' ? { from: card.placed_at, to: card.placed_at + TASK_MS } : null
      return { from: card.sent_at, to: card.sent_at + TASK_MS }
    case 'address_check':
      return { from: card.placed_at, to: card.placed_at + 5 * 60_000 }
    case 'accepted':
    case 'cooking':
    case 'ready': {
      if (card.held_until !== null) return { from: card.ready_at ?? card.placed_at, to: card.held_until }
      const from = card.accepted_at ?? card.placed_at
      return card.promised_at === null ? null : { from, to: Math.max(from + 60_000, card.promised_at) }
    }
    case 'out':
      return card.promised_at === null ? null : { from: card.out_at ?? card.placed_at, to: Math.max((card.out_at ?? card.placed_at) + 60_000, card.promised_at + RIDER_GRACE_MS) }
    default:
      return null
  }
}

export function tone(card: Card, now: number): Tone {
  const time = budget(card)
  return time === null ? 'green' : toneOfShare((now - time.from) / Math.max(1, time.to - time.from))
}

/** Past its promise and not yet with the guest. */
export const isLate = (card: Card, now: number): boolean =>
  card.promised_at !== null && now > card.promised_at && columnOf(card) !== 'over' && !(card.status === 'new' && card.sent_at === null)

/** Since when the order is in its present state. */
export function since(card: Card): number {
  switch (card.status) {
    case 'new':
      return card.sent_at ?? card.placed_at
    case 'accepted':
      return card.accepted_at ?? card.placed_at
    case 'cooking':
      return card.cooking_at ?? card.accepted_at ?? card.placed_at
    case 'ready':
      return card.ready_at ?? card.placed_at
    case 'out':
      return card.out_at ?? card.placed_at
    case 'done':
    case 'cancelled':
      return card.done_at ?? card.placed_at
    default:
      return card.placed_at
  }
}

/** So many minutes late it will be, as far as anybody can tell; none when it will be in time, or is over. */
export const foretold = (card: Pick<Card, 'status' | 'expected_at' | 'promised_at'>): number | null =>
  card.expected_at === null || card.promised_at === null || columnOf(card) === 'over' ? null : Math.max(1, Math.round((card.expected_at - card.promised_at) / 60_000))

/** `18:30` or `1830` as the next such moment of this clock within eight hours; none when there is none. */
export function timeAhead(typed: string, now: number): number | null {
  const found = /^(\d{1,2})[:：.]?(\d{2})$/.exec(typed.trim())
  if (!found || Number(found[1]) > 23 || Number(found[2]) > 59) return null
  const at = new Date(now)
  at.setHours(Number(found[1]), Number(found[2]), 0, 0)
  if (at.getTime() <= now) at.setDate(at.getDate() + 1)
  return at.getTime() <= now + 8 * 3_600_000 ? at.getTime() : null
}

/** Rings at the branch: sent, and nobody has touched it. */
export const rings = (card: Pick<Card, 'status' | 'sent_at' | 'seen_at' | 'owner'>): boolean =>
  card.status === 'new' && card.sent_at !== null && card.seen_at === null && card.owner === 'branch'

/** Louder and red: nobody has touched it for a minute. */
export const isLoud = (card: Card, now: number): boolean => rings(card) && (card.loud || now - (card.sent_at ?? now) >= LOUD_MS)

/** Must be answered by the branch: it may be seen already. */
export const waitsForBranch = (card: Card): boolean => card.status === 'new' && card.sent_at !== null && card.owner === 'branch'

/** Order in a column: what is due first stands first; what is over, last over first. */
export function byUrgency(column: Column): (a: Card, b: Card) => number {
  if (column === 'waiting') return (a, b) => since(a) - since(b) || a.id.localeCompare(b.id)
  if (column === 'over') return (a, b) => (b.done_at ?? b.placed_at) - (a.done_at ?? a.placed_at) || b.id.localeCompare(a.id)
  return (a, b) => (a.promised_at ?? since(a)) - (b.promised_at ?? since(b)) || a.id.localeCompare(b.id)
}

/** The left list: what needs a person, oldest first. What somebody has taken keeps its place: it is not done. */
export function inOrderOfWaiting(tasks: Iterable<Task>): Task[] {
  return [...tasks].filter((task) => !task.done_at).sort((a, b) => a.at - b.at || a.id.localeCompare(b.id))
}

/** How long a task may wait, ms, where it names no deadline. */
const TASK_PATIENCE_MS = 180_000

export function toneOfTask(task: Pick<Task, 'at' | 'due_at'>, now: number): Tone {
  const patience = Math.max(1, (task.due_at ?? task.at + TASK_PATIENCE_MS) - task.at)
  return toneOfShare((now - task.at) / patience)
}

/** Whether an order is what was typed: number, tail, phone, name, address, rider, branch. */
export function found(card: Card, typed: string, branch?: Pick<Branch, 'zh' | 'en'>): boolean {
  const wanted = typed.trim().toLowerCase()
  if (wanted === '') return true
  const digits = wanted.replace(/[\s#-]/g, '')
  if (digits !== '' && (card.number.toLowerCase().includes(digits) || card.tail === digits || card.phone.replace(/\D/g, '').includes(digits.replace(/\D/g, '') || '\0'))) return true
  return [card.name, card.address, card.rider?.name, branch?.zh, branch?.en].some((text) => text?.toLowerCase().includes(wanted))
}

/**
 * How many orders may be waiting while a branch's page hears nothing: those it knows, and what the last hour lets expect.
 */
export function mayWait(cards: Iterable<Card>, lostSince: number, now: number): number {
  let known = 0
  let lastHour = 0
  for (const card of cards) {
    if (waitsForBranch(card)) known += 1
    const sent = card.sent_at
    if (sent !== null && sent > lostSince - 3_600_000 && sent <= lostSince) lastHour += 1
  }
  return known + Math.ceil((lastHour * Math.max(0, now - lostSince)) / 3_600_000)
}

export interface Changed {
  dish: number
  zh: string
  en: string | null
  from: number
  to: number
}

/** What an edit changes: dishes that come, go, or change their number. New ones have their names from the menu. */
export function changedLines(before: readonly CardLine[], after: readonly PendingLine[], menu: ReadonlyMap<number, Pick<CardLine, 'zh' | 'en'>> = new Map()): Changed[] {
  const all = new Map<string, Changed>()
  const known = new Map<number, Pick<CardLine, 'zh' | 'en'>>([...menu, ...before.map((line) => [line.dish, line] as const)])
  const name = (line: PendingLine) => `${line.dish}/${line.size ?? ''}/${line.spice ?? ''}/${line.note ?? ''}`
  for (const [lines, side] of [
    [before, 'from'],
    [after, 'to'],
  ] as const) {
    for (const line of lines) {
      const one = all.get(name(line)) ?? { dish: line.dish, zh: line.zh ?? known.get(line.dish)?.zh ?? '', en: line.en ?? known.get(line.dish)?.en ?? null, from: 0, to: 0 }
      one[side] += line.quantity
      all.set(name(line), one)
    }
  }
  return [...all.values()].filter((one) => one.from !== one.to)
}

/** Outcomes by one tap, as the branch and the rider see them; `auto` computes the delay. */
export const OUTCOMES = ['auto', 'D70', 'D71', 'D72', 'D73', 'D80', 'D81', 'D82', 'D83', 'D90', 'D99'] as const
/** Outcomes that need a word of explanation. */
export const NEEDS_NOTE = new Set(['D72', 'D82', 'D90', 'D99'])
/** The food is with the guest. */
export const isDelivered = (code: string) => code === 'auto' || code === 'D82' || /^D[0-6]/.test(code)
