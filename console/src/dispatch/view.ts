// What headquarters looks at: columns, figures and the state of branches, from the board. Pure.
import { byUrgency, type Column, columnOf, found, isLate } from '@/kitchen/order'
import type { Branch, Card } from '@/kitchen/wire'

export interface Filter {
  typed: string
  /** 0: all of them. */
  branch: number
  kind: 'all' | 'delivery' | 'pickup' | 'later'
}

/** Waits for its hour. */
export const isScheduled = (card: Card) => card.status === 'new' && card.sent_at === null && card.owner === 'clock'

/** The four columns; what waits for its hour stands behind what waits for a branch. */
export function columns(cards: Iterable<Card>, filter: Filter, branches: ReadonlyMap<number, Branch>): Record<Column, Card[]> {
  const made: Record<Column, Card[]> = { waiting: [], cooking: [], leaving: [], over: [] }
  for (const card of cards) {
    if (filter.branch !== 0 && card.branch !== filter.branch) continue
    if (filter.kind === 'later' ? !isScheduled(card) : filter.kind !== 'all' && card.fulfilment !== filter.kind) continue
    if (filter.typed.trim() !== '' && !found(card, filter.typed, branches.get(card.branch ?? -1))) continue
    made[columnOf(card)].push(card)
  }
  for (const column of Object.keys(made) as Column[]) made[column].sort(byUrgency(column))
  const due = made.waiting.filter((card) => !isScheduled(card))
  const later = made.waiting.filter(isScheduled).sort((a, b) => (a.release_at ?? a.placed_at) - (b.release_at ?? b.placed_at))
  made.waiting = [...due, ...later]
  return made
}

export interface Figures {
  waiting: number
  cooking: number
  out: number
  late: number
  orders: number
  fen: number
  /** Mean time from a branch's ring to its acceptance, ms. */
  pace: number | null
}

export function figures(cards: Iterable<Card>, branches: Iterable<Branch>, now: number): Figures {
  const all: Figures = { waiting: 0, cooking: 0, out: 0, late: 0, orders: 0, fen: 0, pace: null }
  let [waited, accepted] = [0, 0]
  for (const card of cards) {
    const column = columnOf(card)
    if (column === 'waiting' && !isScheduled(card)) all.waiting += 1
    if (column === 'cooking') all.cooking += 1
    if (card.status === 'out') all.out += 1
    if (isLate(card, now)) all.late += 1
    if (card.sent_at !== null && card.accepted_at !== null && card.accepted_at >= card.sent_at) {
      waited += card.accepted_at - card.sent_at
      accepted += 1
    }
  }
  for (const branch of branches) {
    all.orders += branch.today.orders
    all.fen += branch.today.fen
  }
  if (accepted > 0) all.pace = waited / accepted
  return all
}

export type BranchState = 'offline' | 'paused' | 'closed' | 'full' | 'ok'
export function stateOf(branch: Branch, now: number): BranchState {
  if (!branch.open) return 'closed'
  if (!branch.online) return 'offline'
  if (branch.paused && (branch.paused.until === null || branch.paused.until > now)) return 'paused'
  return (branch.capacity_percent ?? 0) >= 100 ? 'full' : 'ok'
}

/** How full a branch is, per cent: of its limit, or of an hour's work where it has none. */
export const fullness = (branch: Branch): number => branch.capacity_percent ?? Math.round((100 * branch.load_minutes) / 60)

/** Percent of the day's orders that kept their promise; none before the first. */
export const punctual = (today: Branch['today']): number | null => (today.orders > 0 ? (100 * (today.orders - today.late)) / today.orders : null)

/** The next one of a list after `current`, `step` further; the first when nothing is chosen. Stays within the list. */
export function next<T extends { id: string }>(list: readonly T[], current: string | null, step: 1 | -1): T | null {
  const at = list.findIndex((one) => one.id === current)
  if (at < 0) return list[0] ?? null
  return list[Math.min(list.length - 1, Math.max(0, at + step))] ?? null
}
