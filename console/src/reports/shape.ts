// From a report to what is drawn: columns of one language, words of cells, tiles with their change, drill-down. Pure.
import type { Filters } from './filters'
import type { Cell, Head, Report } from './wire'

/** The columns that a page in this language shows: names in the other language stay in the file. */
export function shownColumns(columns: readonly Head[], language: 'zh' | 'en'): { head: Head; place: number }[] {
  const other = language === 'zh' ? '_en' : '_zh'
  const keys = new Set(columns.map((head) => head.key))
  return columns
    .map((head, place) => ({ head, place }))
    .filter(({ head }) => !(head.kind === 'text' && head.key.endsWith(other) && keys.has(head.key.slice(0, -3))))
}

export const isFigure = (head: Head) => head.kind !== 'text' && head.kind !== 'time'

/** How much more than before, in per cent of it; none where there was nothing. */
export function change(now: Cell, before: Cell): number | null {
  if (typeof now !== 'number' || typeof before !== 'number' || before === 0) return null
  return ((now - before) / Math.abs(before)) * 100
}

export interface Tile {
  head: Head
  value: Cell
  change: number | null
  /** Points, not per cent of per cent. */
  points: boolean
}
export function tilesOf(report: Report, most = 8): Tile[] {
  const { total } = report
  if (!total) return []
  return report.columns
    .map((head, place) => ({ head, value: total[place] ?? null, before: report.previous?.total[place] ?? null }))
    .filter(({ head, value }) => isFigure(head) && value !== null)
    .slice(0, most)
    .map(({ head, value, before }) => ({
      head,
      value,
      points: head.kind === 'percent',
      change: head.kind === 'percent' ? (typeof value === 'number' && typeof before === 'number' ? value - before : null) : change(value, before),
    }))
}

/** Rows in another order; equal ones keep theirs, and what is nothing comes last. */
export function sorted(rows: readonly Cell[][], place: number, down: boolean): Cell[][] {
  const sign = down ? -1 : 1
  return [...rows].sort((a, b) => {
    const [x, y] = [a[place] ?? null, b[place] ?? null]
    if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1
    if (typeof x === 'number' && typeof y === 'number') return (x - y) * sign
    return String(x).localeCompare(String(y), 'zh-CN', { numeric: true }) * sign
  })
}

/** Where a row leads: the same days, one queue, one agent, one branch; or one day by the hour. */
export function drill(report: Report, row: readonly Cell[], filters: Filters): Filters | null {
  const key = report.columns[0]?.key
  const value = row[0]
  if (typeof value !== 'string' && typeof value !== 'number') return null
  const text = String(value)
  if (key === 'time') {
    const day = text.slice(0, 10)
    if (text.length === 10 && (filters.from !== day || filters.to !== day)) return { ...filters, from: day, to: day, grain: 'hour' }
    return report.name.startsWith('order') ? null : { ...filters, report: 'call-list', from: day, to: day }
  }
  if (key === 'queue') return { ...filters, report: 'service-level', queue: text }
  if (key === 'agent') return { ...filters, report: 'call-list', agent: text }
  if (key === 'branch') return { ...filters, report: 'orders', branch: text }
  return null
}
