// What is asked for, kept in the address bar so that a report can be sent on, and gone back to. Pure.

export interface Filters {
  report: string
  from: string
  to: string
  branch: string
  queue: string
  agent: string
  grain: string
}
const NAMES = ['from', 'to', 'branch', 'queue', 'agent', 'grain'] as const

/** `2026-11-21` of a moment, by the restaurant's clock as this computer has it. */
export function dayOf(at: Date): string {
  return `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, '0')}-${String(at.getDate()).padStart(2, '0')}`
}

export function addDays(day: string, days: number): string {
  const at = new Date(`${day}T12:00:00`)
  at.setDate(at.getDate() + days)
  return dayOf(at)
}

/** A day of the calendar, written as in requests. */
export const isDay = (text: string): boolean => /^20\d\d-\d\d-\d\d$/.test(text) && addDays(text, 0) === text

export type Span = 'today' | 'yesterday' | 'week' | 'month'
export const SPANS: Span[] = ['today', 'yesterday', 'week', 'month']
export function spanOf(span: Span, today: string): [string, string] {
  switch (span) {
    case 'yesterday':
      return [addDays(today, -1), addDays(today, -1)]
    case 'week':
      return [addDays(today, -6), today]
    case 'month':
      return [addDays(today, -29), today]
    default:
      return [today, today]
  }
}

export function readFilters(search: string, today: string): Filters {
  const given = new URLSearchParams(search)
  const read = (name: string) => given.get(name) ?? ''
  const from = isDay(read('from')) ? read('from') : isDay(read('to')) ? read('to') : today
  const to = isDay(read('to')) ? read('to') : from > today ? from : today
  return { report: read('r'), from: from <= to ? from : to, to, branch: read('branch'), queue: read('queue'), agent: read('agent'), grain: read('grain') }
}

/** `?r=queues&from=…`: what the address bar shows. */
export function writeFilters(filters: Filters): string {
  const given = new URLSearchParams()
  if (filters.report) given.set('r', filters.report)
  for (const name of NAMES) if (filters[name]) given.set(name, filters[name])
  return `?${given}`
}

/** The request of a report; only filters that it knows are sent. */
export function requestOf(filters: Filters, known: readonly string[], grains: readonly string[], more: Record<string, string> = {}): string {
  const given = new URLSearchParams({ from: filters.from, to: filters.to })
  for (const name of ['branch', 'queue', 'agent'] as const) if (filters[name] && known.includes(name)) given.set(name, filters[name])
  if (filters.grain && grains.includes(filters.grain)) given.set('grain', filters.grain)
  for (const [name, value] of Object.entries(more)) given.set(name, value)
  return `/api/reports/${encodeURIComponent(filters.report)}?${given}`
}

/** How many days, both included. */
export const lengthOf = (filters: Pick<Filters, 'from' | 'to'>): number => Math.round((Date.parse(`${filters.to}T12:00:00Z`) - Date.parse(`${filters.from}T12:00:00Z`)) / 86_400_000) + 1
