// Which ticket comes first, and which are shown. Pure.
import type { Ticket } from './wire'

export type Which = 'open' | 'overdue' | 'mine' | 'all'

/** Its deadline has passed, now or before: the deadline moves on when it is escalated, the delay does not. */
export const isOverdue = (ticket: Ticket, now: number): boolean => ticket.closed === null && (ticket.escalated > 0 || Date.parse(ticket.due_at) <= now)

/** What is overdue first, the most often escalated before the others; then the next deadline; closed ones last, the latest first. */
export function byNeed(now: number): (a: Ticket, b: Ticket) => number {
  return (a, b) => {
    if ((a.closed === null) !== (b.closed === null)) return a.closed === null ? -1 : 1
    if (a.closed && b.closed) return Date.parse(b.closed.at) - Date.parse(a.closed.at)
    return Number(isOverdue(b, now)) - Number(isOverdue(a, now)) || b.escalated - a.escalated || Date.parse(a.due_at) - Date.parse(b.due_at)
  }
}

export interface Filter {
  which: Which
  branch: number
  typed: string
}

/** What the filter leaves, in the order of need. `typed` is looked for in numbers, names and words. */
export function shownOf(all: readonly Ticket[], filter: Filter, me: string, now: number): Ticket[] {
  const typed = filter.typed.trim().toLowerCase()
  const digits = typed.replace(/[\s-]/g, '')
  const hit = (ticket: Ticket) =>
    typed === '' ||
    [ticket.name, ticket.words, ticket.owner?.name ?? ''].some((text) => text.toLowerCase().includes(typed)) ||
    [ticket.number, ticket.phone ?? '', ticket.order?.number ?? ''].some((text) => digits !== '' && text.replace(/[\s-]/g, '').includes(digits))
  const wanted = (ticket: Ticket) =>
    filter.which === 'all' || (ticket.closed === null && (filter.which === 'open' || (filter.which === 'mine' ? ticket.owner?.id === me : isOverdue(ticket, now))))
  return all.filter((ticket) => wanted(ticket) && (filter.branch === 0 || ticket.branch === filter.branch) && hit(ticket)).sort(byNeed(now))
}
